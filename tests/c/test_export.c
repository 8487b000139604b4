/* Networks as ONNX files: in memory, on disk, in both precisions, read again. */
#include "check.h"

static double at(const cpwl_network *net, double u, double v) {
    static const int64_t in[] = {1, 2}, out[] = {1, 1};
    double point[2], value = 0;
    const cpwl_tensor x = (point[0] = u, point[1] = v, tensor(point, CPWL_F64, 2, in));
    cpwl_tensor y = tensor(&value, CPWL_F64, 2, out);
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &y));
    return value;
}

/* relu(u + v) + 2 relu(u - v) + 1/2 at three points. */
static void is_diagonals(const cpwl_network *net) {
    CHECK(at(net, 1, 2) == 3.5 && at(net, 2, 1) == 5.5 && at(net, -3, 1) == 0.5);
}

static void in_memory(const cpwl_network *net) {
    cpwl_onnx_write_options options;
    cpwl_bytes *bytes = NULL;
    cpwl_network *again = NULL;
    const void *data = NULL;
    size_t size[3] = {0, 0, 0};
    int i;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    for (i = 0; i < 3; i++) { /* 0, CPWL_F32, CPWL_F64 */
        options.dtype = i;
        CHECK_OK(cpwl_network_to_onnx(NULL, net, i ? &options : NULL, &bytes));
        CHECK_OK(cpwl_bytes_get(NULL, bytes, &data, &size[i]));
        CHECK_OK(cpwl_network_from_onnx(NULL, data, size[i], NULL, &again));
        is_diagonals(again);
        cpwl_network_free(again);
        cpwl_bytes_free(bytes);
    }
    /* The weights are doubles: 7 numbers of 8 bytes against 4, but for the one byte that lengths beyond 127 take. */
    CHECK(size[0] == size[2] && size[2] >= size[1] + 7 * 4);
    bytes = NULL;
    options.dtype = CPWL_F16;
    CHECK_FAILS(cpwl_network_to_onnx(NULL, net, &options, &bytes), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] dtype is 3; expected 0, CPWL_F32 (1) or CPWL_F64 (2)");
    options.dtype = 0, options.flags = 4;
    CHECK_FAILS(cpwl_network_to_onnx(NULL, net, &options, &bytes), CPWL_UNSUPPORTED,
                "[UNKNOWN_OPTION] flags is 0x4; expected 0");
    CHECK_FAILS(cpwl_network_to_onnx(NULL, NULL, NULL, &bytes), CPWL_ARGUMENT, "[NULL] net is NULL");
    CHECK_FAILS(cpwl_network_to_onnx(NULL, net, NULL, NULL), CPWL_ARGUMENT, "[NULL] out is NULL");
    CHECK_FAILS(cpwl_bytes_get(NULL, NULL, &data, &size[0]), CPWL_ARGUMENT, "[NULL] bytes is NULL");
    CHECK(bytes == NULL);
    cpwl_bytes_free(NULL);
}

static void on_disk(const cpwl_network *net) {
    char path[] = "cpwl-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    cpwl_network *again = NULL;
    CHECK(file != NULL && fclose(file) == 0);
    CHECK_OK(cpwl_network_to_onnx_file(NULL, net, NULL, path)); /* replaces the empty file */
    CHECK_OK(cpwl_network_from_onnx_file(NULL, path, NULL, &again));
    is_diagonals(again);
    cpwl_network_free(again);
    CHECK(remove(path) == 0);
    CHECK_FAILS(cpwl_network_to_onnx_file(NULL, net, NULL, "/no/such/folder/net.onnx"), CPWL_IO,
                "[IO] cannot write /no/such/folder/net.onnx: *");
    CHECK_FAILS(cpwl_network_to_onnx_file(NULL, net, NULL, NULL), CPWL_ARGUMENT, "[NULL] path is NULL");
}

void test_export(void) {
    cpwl_network *net = diagonals(NULL);
    in_memory(net);
    on_disk(net);
    cpwl_network_free(net);
}
