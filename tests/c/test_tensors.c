/* Every way to describe memory, right and wrong, tried on the forward pass. */
#include "check.h"

static cpwl_network *net;

static const int64_t one_point[] = {1, 2}, two_points[] = {2, 2}, one[] = {1, 1}, two[] = {2, 1}, column[] = {1, 2};

static void strides_and_types(void) {
    static const double points[] = {1, 2, 2, 1};          /* f = 3.5 and 5.5 */
    static const uint16_t half[] = {0x3C00, 0x4000, 0x4000, 0x3C00}, brain[] = {0x3F80, 0x4000, 0x4000, 0x3F80};
    static const float single[] = {1, 2, 2, 1};
    static const int32_t types[] = {CPWL_F64, CPWL_F32, CPWL_F16, CPWL_BF16};
    const void *data[4];
    static const int64_t backwards[] = {-2, 1}, broadcast[] = {0, 1};
    double y[4] = {0, 0, 0, 0};
    float y32[2] = {0, 0};
    static const int64_t every_other[] = {2, 1};
    cpwl_tensor x, out = tensor(y, CPWL_F64, 2, two), out32 = tensor(y32, CPWL_F32, 2, two);
    int i;
    data[0] = points, data[1] = single, data[2] = half, data[3] = brain;
    for (i = 0; i < 4; i++) {
        x = tensor(data[i], types[i], 2, two_points);
        y[0] = y[1] = 0;
        CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out));
        CHECK(y[0] == 3.5 && y[1] == 5.5);
        CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out32));
        CHECK(y32[0] == 3.5f && y32[1] == 5.5f);
    }
    x = tensor(points, CPWL_F64, 2, two_points);
    x.strides = column; /* transposed: the same points, as the matrix is symmetric under it */
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out));
    CHECK(y[0] == 3.5 && y[1] == 5.5);
    x.strides = backwards;
    x.byte_offset = 2 * sizeof(double);
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out));
    CHECK(y[0] == 5.5 && y[1] == 3.5);
    x.strides = broadcast;
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out));
    CHECK(y[0] == 5.5 && y[1] == 5.5);
    x = tensor(points, CPWL_F64, 2, two_points);
    y[1] = y[3] = -1;
    out.strides = every_other;
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out));
    CHECK(y[0] == 3.5 && y[1] == -1 && y[2] == 5.5 && y[3] == -1);
}

static void batches(void) {
    static const double point[] = {1, 2};
    static const int64_t flat[] = {2}, scalar_out[] = {1}, none[] = {0, 2}, none_out[] = {0, 1};
    double y = 0;
    cpwl_tensor x = tensor(point, CPWL_F64, 1, flat), out = tensor(&y, CPWL_F64, 1, scalar_out);
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out)); /* one sample without a batch axis */
    CHECK(y == 3.5);
    x = tensor(NULL, CPWL_F64, 2, none);
    out = tensor(NULL, CPWL_F64, 2, none_out);
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out)); /* an empty batch */
}

static void bad_tensors(void) {
    static const double point[] = {1, 2, 3, 4};
    static const int64_t zeros[] = {0, 0}, three[] = {1, 3}, rank3[] = {1, 1, 2}, negative[] = {1, -2},
                         huge[] = {1, INT64_MAX};
    static double nan_point[] = {1, 0};
    double y[2] = {7, 7};
    cpwl_tensor x, out;
#define RESET() (x = tensor(point, CPWL_F64, 2, one_point), out = tensor(y, CPWL_F64, 2, one))
#define FAILS(status, text) CHECK_FAILS(cpwl_network_forward(NULL, net, &x, NULL, &out), status, text), RESET()
    RESET();
    CHECK_FAILS(cpwl_network_forward(NULL, net, NULL, NULL, &out), CPWL_ARGUMENT, "[NULL] x is NULL");
    CHECK_FAILS(cpwl_network_forward(NULL, net, &x, NULL, NULL), CPWL_ARGUMENT, "[NULL] y is NULL");
    CHECK_FAILS(cpwl_network_forward(NULL, NULL, &x, NULL, &out), CPWL_ARGUMENT, "[NULL] net is NULL");
    x.data = NULL;
    FAILS(CPWL_ARGUMENT, "[NULL] x: data is NULL, but the tensor has 2 elements");
    x.shape = NULL;
    FAILS(CPWL_ARGUMENT, "[NULL] x: shape is NULL");
    x.dtype = 0;
    FAILS(CPWL_ARGUMENT, "[UNKNOWN_ENUM] x: dtype is 0; expected 1 (CPWL_F32) to 8 (CPWL_U16)");
    x.dtype = CPWL_I64;
    FAILS(CPWL_DTYPE, "[DTYPE] x has dtype i64; expected f32, f64, f16, bf16");
    out.dtype = CPWL_F16;
    FAILS(CPWL_DTYPE, "[DTYPE] y has dtype f16; expected f32, f64");
    x.device = 2;
    FAILS(CPWL_DEVICE, "[DEVICE] x: device is 2, device_id 0; expected 0 or 1 (the CPU), device_id 0");
    x.ndim = -1;
    FAILS(CPWL_SHAPE, "[RANK] x: ndim is -1; expected 0 to 32");
    x.ndim = 33;
    FAILS(CPWL_SHAPE, "[RANK] x: ndim is 33; expected 0 to 32");
    x.byte_offset = -8;
    FAILS(CPWL_ARGUMENT, "[ARGUMENT] x: byte_offset is -8; expected 0 or more");
    x.byte_offset = 4;
    FAILS(CPWL_ARGUMENT, "[MISALIGNED] x: data + byte_offset is 0x*");
    x.data = (void *)(uintptr_t)-8;
    FAILS(CPWL_SHAPE, "[SHAPE] x: its elements reach beyond the address space");
    x.shape = negative;
    FAILS(CPWL_SHAPE, "[SHAPE] x: shape[1] is -2; expected 0 or more");
    x.shape = huge;
    FAILS(CPWL_SHAPE, "[SHAPE] x: shape [1, 9223372036854775807] exceeds the address space");
    x.shape = three;
    FAILS(CPWL_SHAPE, "[SHAPE] x has shape [1, 3]; expected (B, ..) or one sample, a sample being [2] or [2]");
    x.shape = rank3, x.ndim = 3;
    FAILS(CPWL_SHAPE, "[SHAPE] x has shape [1, 1, 2]; expected *");
    out.shape = two, out.data = y;
    FAILS(CPWL_SHAPE, "[SHAPE] y has shape [2, 1]; x has 1 samples");
    out.shape = two, out.strides = zeros;
    FAILS(CPWL_ARGUMENT, "[OVERLAP] y: shape [2, 1] with strides [0, 0] names some elements twice");
    out.data = (void *)(point + 1);
    FAILS(CPWL_ARGUMENT, "[OVERLAP] y lies in the memory of x");
    nan_point[1] = NAN;
    x.data = nan_point;
    FAILS(CPWL_NONFINITE, "[NONFINITE] x[0, 1] is NaN; expected a finite f64 number");
    nan_point[1] = -INFINITY;
    x.data = nan_point;
    FAILS(CPWL_NONFINITE, "[NONFINITE] x[0, 1] is -inf; expected a finite f64 number");
    nan_point[1] = 1e300;
    x.data = nan_point, out.dtype = CPWL_F32;
    FAILS(CPWL_NONFINITE, "[NONFINITE] x[0, 1] is inf; expected a finite f32 number");
    CHECK(y[0] == 7 && y[1] == 7); /* untouched by every failure */
#undef FAILS
#undef RESET
}

void test_tensors(void) {
    net = diagonals(NULL);
    strides_and_types();
    batches();
    bad_tensors();
    cpwl_network_free(net);
}
