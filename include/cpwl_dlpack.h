/* cpwl_dlpack.h: cpwl_tensor from and to the DLTensor of DLPack (https://dmlc.github.io/dlpack), without copying.
 *
 * Needs no dlpack.h, and does not mind one before or after it: DLTensor is passed as a pointer to void, and its layout
 * (the same in all versions of DLPack so far) is mirrored here. For a DLManagedTensor or DLManagedTensorVersioned pass
 * the address of its `dl_tensor`. Since 0.1.
 */
#ifndef CPWL_DLPACK_H
#define CPWL_DLPACK_H

#include <string.h>

#include "cpwl.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The layout of DLTensor.
typedef struct cpwl_dl_tensor {
    void *data;
    int32_t device_type; /* kDLCPU is 1 */
    int32_t device_id;
    int32_t ndim;
    uint8_t dtype_code; /* 0 integer, 1 unsigned, 2 float, 4 bfloat */
    uint8_t dtype_bits;
    uint16_t dtype_lanes;
    int64_t *shape;
    int64_t *strides;
    uint64_t byte_offset;
} cpwl_dl_tensor;

#if defined(DLPACK_VERSION) || defined(DLPACK_MAJOR_VERSION) /* dlpack.h came first: the mirror must be true */
typedef char cpwl_dl_tensor_mirrors_DLTensor[sizeof(cpwl_dl_tensor) == sizeof(DLTensor) ? 1 : -1];
#endif

/// Describes the memory of the DLTensor at `dl_tensor` in `out`, which lends its shape and strides. CPWL_DTYPE if it
/// has a data type that cpwl does not know, CPWL_ARGUMENT if its byte_offset is beyond 2^63. A device that is not the
/// CPU is passed on, for the call that gets the tensor to refuse. Since 0.1.
static inline cpwl_status cpwl_tensor_from_dlpack(const void *dl_tensor, cpwl_tensor *out) {
    static const struct {
        uint8_t code, bits;
        int32_t dtype;
    } known[] = {{2, 32, CPWL_F32}, {2, 64, CPWL_F64}, {2, 16, CPWL_F16}, {4, 16, CPWL_BF16},
                 {0, 32, CPWL_I32}, {0, 64, CPWL_I64}, {1, 8, CPWL_U8}, {1, 16, CPWL_U16}};
    cpwl_dl_tensor t;
    size_t i;
    memcpy(&t, dl_tensor, sizeof t);
    if (t.byte_offset > (uint64_t)INT64_MAX)
        return CPWL_ARGUMENT;
    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].code == t.dtype_code && known[i].bits == t.dtype_bits && t.dtype_lanes == 1) {
            out->data = t.data;
            out->byte_offset = (int64_t)t.byte_offset;
            out->dtype = known[i].dtype;
            out->ndim = t.ndim;
            out->shape = t.shape;
            out->strides = t.strides;
            out->device = t.device_type;
            out->device_id = t.device_id;
            return CPWL_OK;
        }
    }
    return CPWL_DTYPE;
}

/// Describes the memory of `tensor` in the DLTensor at `dl_tensor`, which lends its shape. `strides` has room for
/// `ndim` numbers and is lent too: newer versions of DLPack want strides where cpwl may have none. CPWL_DTYPE if the
/// data type is not one of `cpwl_dtype`. Since 0.1.
static inline cpwl_status cpwl_tensor_to_dlpack(const cpwl_tensor *tensor, int64_t *strides, void *dl_tensor) {
    static const struct {
        uint8_t code, bits;
    } types[] = {{2, 32}, {2, 64}, {2, 16}, {4, 16}, {0, 32}, {0, 64}, {1, 8}, {1, 16}};
    cpwl_dl_tensor t;
    int64_t step = 1;
    int32_t i;
    if (tensor->dtype < CPWL_F32 || tensor->dtype > CPWL_U16)
        return CPWL_DTYPE;
    for (i = tensor->ndim; i-- > 0; step *= tensor->shape[i])
        strides[i] = tensor->strides ? tensor->strides[i] : step;
    memset(&t, 0, sizeof t);
    t.data = tensor->data;
    t.device_type = tensor->device ? tensor->device : 1;
    t.device_id = tensor->device_id;
    t.ndim = tensor->ndim;
    t.dtype_code = types[tensor->dtype - 1].code;
    t.dtype_bits = types[tensor->dtype - 1].bits;
    t.dtype_lanes = 1;
    t.shape = (int64_t *)tensor->shape;
    t.strides = strides;
    t.byte_offset = (uint64_t)tensor->byte_offset;
    memcpy(dl_tensor, &t, sizeof t);
    return CPWL_OK;
}

#ifdef __cplusplus
}
#endif

#endif /* CPWL_DLPACK_H */
