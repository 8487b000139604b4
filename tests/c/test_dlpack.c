/* cpwl_tensor from and to DLPack. DLTensor is as in dlpack.h 1.0 (Apache-2.0), which may come before cpwl_dlpack.h. */
#include "check.h"

#define DLPACK_MAJOR_VERSION 1
typedef struct {
    int32_t device_type, device_id;
} DLDevice;
typedef struct {
    uint8_t code, bits;
    uint16_t lanes;
} DLDataType;
typedef struct {
    void *data;
    DLDevice device;
    int32_t ndim;
    DLDataType dtype;
    int64_t *shape;
    int64_t *strides;
    uint64_t byte_offset;
} DLTensor;

#include <cpwl_dlpack.h>

void test_dlpack(void) {
    static const struct {
        uint8_t code, bits;
        int32_t dtype;
    } types[] = {{2, 32, CPWL_F32}, {2, 64, CPWL_F64}, {2, 16, CPWL_F16}, {4, 16, CPWL_BF16},
                 {0, 32, CPWL_I32}, {0, 64, CPWL_I64}, {1, 8, CPWL_U8}, {1, 16, CPWL_U16}};
    static double points[] = {9, 1, 2};
    int64_t shape[] = {1, 2}, strides[2] = {0, 0};
    static const int64_t three_axes[] = {4, 5, 6};
    int64_t room[3];
    DLTensor d, back;
    cpwl_tensor t;
    int i;
    double y = 0;
    static const int64_t one[] = {1, 1};
    cpwl_tensor out = tensor(&y, CPWL_F64, 2, one);
    cpwl_network *net = diagonals(NULL);
    memset(&d, 0, sizeof d);
    d.data = points;
    d.device.device_type = 1;
    d.ndim = 2;
    d.dtype.lanes = 1;
    d.shape = shape;
    d.byte_offset = sizeof(double);
    for (i = 0; i < COUNT(types); i++) {
        d.dtype.code = types[i].code, d.dtype.bits = types[i].bits;
        CHECK(cpwl_tensor_from_dlpack(&d, &t) == CPWL_OK && t.dtype == types[i].dtype);
        CHECK(t.data == points && t.byte_offset == 8 && t.ndim == 2 && t.shape == shape && t.strides == NULL);
        CHECK(cpwl_tensor_to_dlpack(&t, strides, &back) == CPWL_OK);
        CHECK(back.dtype.code == d.dtype.code && back.dtype.bits == d.dtype.bits && back.dtype.lanes == 1);
        CHECK(back.data == points && back.byte_offset == 8 && back.ndim == 2 && back.device.device_type == 1);
        CHECK(back.strides == strides && strides[0] == 2 && strides[1] == 1);
    }
    d.dtype.code = 2, d.dtype.bits = 64;
    CHECK(cpwl_tensor_from_dlpack(&d, &t) == CPWL_OK);
    CHECK_OK(cpwl_network_forward(NULL, net, &t, NULL, &out));
    CHECK(y == 3.5);
    d.device.device_type = 2; /* CUDA is for the call to refuse */
    CHECK(cpwl_tensor_from_dlpack(&d, &t) == CPWL_OK);
    CHECK_FAILS(cpwl_network_forward(NULL, net, &t, NULL, &out), CPWL_DEVICE, "[DEVICE] x: device is 2, *");
    d.dtype.lanes = 4;
    CHECK(cpwl_tensor_from_dlpack(&d, &t) == CPWL_DTYPE);
    d.dtype.lanes = 1, d.dtype.bits = 8;
    CHECK(cpwl_tensor_from_dlpack(&d, &t) == CPWL_DTYPE);
    d.dtype.bits = 64, d.byte_offset = UINT64_MAX;
    CHECK(cpwl_tensor_from_dlpack(&d, &t) == CPWL_ARGUMENT);
    t = tensor(NULL, CPWL_I32, 3, three_axes);
    CHECK(cpwl_tensor_to_dlpack(&t, room, &back) == CPWL_OK && back.device.device_type == 1);
    CHECK(room[0] == 30 && room[1] == 6 && room[2] == 1);
    t.dtype = 99;
    CHECK(cpwl_tensor_to_dlpack(&t, room, &back) == CPWL_DTYPE);
    cpwl_network_free(net);
}
