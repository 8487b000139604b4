/* What a network says of itself; pattern and affine map; ONNX. */
#include "check.h"

#include <stddef.h>

static void summary(const cpwl_network *net) {
    cpwl_network_summary info;
    cpwl_node_info node;
    int64_t shape[4];
    int32_t ndim = 4;
    memset(&info, 0, sizeof info);
    CHECK_FAILS(cpwl_network_info(NULL, net, &info), CPWL_ARGUMENT, "[STRUCT_SIZE] cpwl_network_summary: struct_size is 0; *");
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_network_info(NULL, net, &info));
    CHECK(info.struct_size == sizeof info);
    CHECK(info.n_nodes == 4 && info.n_units == 2 && info.n_unit_layers == 1);
    CHECK(info.n_inputs == 2 && info.n_outputs == 1 && info.n_parameters == 4 + 2 + 1 && info.n_approximations == 0);
    info.struct_size = offsetof(cpwl_network_summary, n_approximations); /* as version 0.1 knew it */
    info.n_approximations = 7;
    CHECK_OK(cpwl_network_info(NULL, net, &info));
    CHECK(info.n_approximations == 7);

    CHECK_OK(cpwl_network_input_shape(NULL, net, shape, &ndim));
    CHECK(ndim == 1 && shape[0] == 2);
    ndim = 0;
    CHECK_FAILS(cpwl_network_output_shape(NULL, net, shape, &ndim), CPWL_ARGUMENT,
                "[ARGUMENT] ndim is 0; expected room for 1 lengths, or shape NULL to ask");
    CHECK_OK(cpwl_network_output_shape(NULL, net, NULL, &ndim));
    CHECK(ndim == 1);
    CHECK_OK(cpwl_network_output_shape(NULL, net, shape, &ndim));
    CHECK(ndim == 1 && shape[0] == 1);

    memset(&node, 0, sizeof node);
    node.struct_size = sizeof node;
    CHECK_OK(cpwl_network_node(NULL, net, 0, &node));
    CHECK(strcmp(node.op, "input") == 0 && node.first_unit == -1 && node.n_units == 0);
    CHECK_OK(cpwl_network_node(NULL, net, 2, &node));
    CHECK(strcmp(node.op, "pointwise") == 0 && strcmp(node.name, "pointwise_2") == 0);
    CHECK(node.ndim == 1 && node.shape[0] == 2 && node.first_unit == 0 && node.n_units == 2);
    CHECK_FAILS(cpwl_network_node(NULL, net, 4, &node), CPWL_ARGUMENT, "[GRAPH] node 4 does not exist; expected 0 to 3");
    CHECK_FAILS(cpwl_network_node(NULL, net, -1, &node), CPWL_ARGUMENT, "[GRAPH] node -1 does not exist; expected 0 to 3");
}

static void patterns_and_maps(const cpwl_network *net) {
    static const double points[] = {1, 2, 2, 1, -3, 1};
    static const int64_t three[] = {3, 2}, maps[] = {3, 1, 2}, offsets[] = {3, 1}, wide[] = {3, 3}, flat[] = {2};
    const cpwl_tensor x = tensor(points, CPWL_F64, 2, three), sample = tensor(points, CPWL_F64, 1, flat);
    static const int codes[] = {1, 0, 1, 1, 0, 0};
    static const double a[] = {1, 1, 3, -1, 0, 0};
    uint8_t u8[6];
    int32_t i32[6];
    int64_t i64[9];
    double slope[6], offset[3] = {7, 7, 7};
    float slope32[2], offset32[1];
    static const int64_t one_map[] = {1, 2}, one_offset[] = {1};
    cpwl_tensor c = tensor(u8, CPWL_U8, 2, three), at = tensor(slope, CPWL_F64, 3, maps),
                bt = tensor(offset, CPWL_F64, 2, offsets);
    int i;
    CHECK_OK(cpwl_network_pattern(NULL, net, &x, &c));
    for (i = 0; i < 6; i++) CHECK(u8[i] == codes[i]);
    c = tensor(i32, CPWL_I32, 2, three);
    CHECK_OK(cpwl_network_pattern(NULL, net, &x, &c));
    for (i = 0; i < 6; i++) CHECK(i32[i] == codes[i]);
    c = tensor(i64, CPWL_I64, 2, three);
    CHECK_OK(cpwl_network_pattern(NULL, net, &x, &c));
    for (i = 0; i < 6; i++) CHECK(i64[i] == codes[i]);
    c = tensor(i64, CPWL_I64, 2, wide);
    CHECK_FAILS(cpwl_network_pattern(NULL, net, &x, &c), CPWL_SHAPE, "[SHAPE] codes has shape [3, 3]; expected *");
    c = tensor(slope, CPWL_F64, 2, three);
    CHECK_FAILS(cpwl_network_pattern(NULL, net, &x, &c), CPWL_DTYPE, "[DTYPE] codes has dtype f64; expected u8, i32, i64");

    CHECK_OK(cpwl_network_affine_at(NULL, net, &x, &at, &bt));
    for (i = 0; i < 6; i++) CHECK(slope[i] == a[i]);
    for (i = 0; i < 3; i++) CHECK(offset[i] == 0.5);
    at = tensor(slope32, CPWL_F32, 2, one_map), bt = tensor(offset32, CPWL_F32, 1, one_offset);
    CHECK_OK(cpwl_network_affine_at(NULL, net, &sample, &at, &bt));
    CHECK(slope32[0] == 1 && slope32[1] == 1 && offset32[0] == 0.5f);
    bt = tensor(slope32, CPWL_F32, 1, one_offset);
    CHECK_FAILS(cpwl_network_affine_at(NULL, net, &sample, &at, &bt), CPWL_ARGUMENT, "[OVERLAP] a lies in the memory of b");
}

/* y = relu(x) for x of shape (1, 2), opset 13. */
static const uint8_t relu_onnx[] = {
    0x08, 0x08,                                                                        /* ir_version 8 */
    0x3A, 59,                                                                          /* graph */
    0x0A, 12, 0x0A, 1, 'x', 0x12, 1, 'y', 0x22, 4, 'R', 'e', 'l', 'u',                 /* node */
    0x12, 1, 'g',                                                                      /* name */
    0x5A, 19, 0x0A, 1, 'x', 0x12, 14, 0x0A, 12, 0x08, 1, 0x12, 8, 0x0A, 2, 0x08, 1, 0x0A, 2, 0x08, 2, /* input */
    0x62, 19, 0x0A, 1, 'y', 0x12, 14, 0x0A, 12, 0x08, 1, 0x12, 8, 0x0A, 2, 0x08, 1, 0x0A, 2, 0x08, 2, /* output */
    0x42, 2, 0x10, 13                                                                  /* opset_import */
};

static void onnx(void) {
    static const float point[] = {-1, 2};
    static const int64_t flat[] = {2};
    float y[2];
    uint8_t bytes[sizeof relu_onnx];
    cpwl_network *net = NULL;
    cpwl_onnx_options o;
    cpwl_network_summary info;
    const cpwl_tensor x = tensor(point, CPWL_F32, 1, flat);
    cpwl_tensor out = tensor(y, CPWL_F32, 1, flat);
    size_t n;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    CHECK_OK(cpwl_network_from_onnx(NULL, relu_onnx, sizeof relu_onnx, &o, &net));
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &out));
    CHECK(y[0] == 0 && y[1] == 2);
    cpwl_network_free(net);
    net = NULL;
    o.smooth_knots = -1;
    CHECK_FAILS(cpwl_network_from_onnx(NULL, relu_onnx, sizeof relu_onnx, &o, &net), CPWL_ARGUMENT,
                "[ARGUMENT] smooth_knots is -1; expected 0 or more");
    o.smooth_knots = 5;
    memcpy(bytes, relu_onnx, sizeof bytes);
    memcpy(bytes + 14, "Mish", 4);
    CHECK_OK(cpwl_network_from_onnx(NULL, bytes, sizeof bytes, &o, &net));
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_network_info(NULL, net, &info));
    CHECK(info.n_approximations == 1);
    cpwl_network_free(net);
    net = NULL;
    CHECK_FAILS(cpwl_network_from_onnx(NULL, bytes, sizeof bytes, NULL, &net), CPWL_UNSUPPORTED,
                "[UNSUPPORTED_OPERATOR] node 0 (Mish): the operator is not continuous piecewise linear; set smooth_knots *");
    CHECK_FAILS(cpwl_network_from_onnx(NULL, NULL, 10, NULL, &net), CPWL_ARGUMENT, "[NULL] bytes is NULL");
    CHECK_FAILS(cpwl_network_from_onnx(NULL, "garbage, not a network", 22, NULL, &net), CPWL_ARGUMENT, "[MALFORMED] *");
    CHECK_FAILS(cpwl_network_from_onnx(NULL, NULL, 0, NULL, &net), CPWL_ARGUMENT, "[*");
    memcpy(bytes, relu_onnx, sizeof bytes);
    memcpy(bytes + 14, "Silu", 4);
    CHECK_FAILS(cpwl_network_from_onnx(NULL, bytes, sizeof bytes, NULL, &net), CPWL_UNSUPPORTED,
                "[UNSUPPORTED_OPERATOR] *");
    CHECK(strstr(cpwl_last_error(), "Silu") != NULL);
    for (n = 0; n < sizeof relu_onnx; n++) /* every truncation is an error or, by luck of the format, another network */
        if (cpwl_network_from_onnx(NULL, relu_onnx, n, NULL, &net) == CPWL_OK) cpwl_network_free(net), net = NULL;
    CHECK_FAILS(cpwl_network_from_onnx_file(NULL, "/no/such/file.onnx", NULL, &net), CPWL_IO,
                "[IO] cannot read /no/such/file.onnx: *");
    CHECK_FAILS(cpwl_network_from_onnx_file(NULL, "/dev/zero", NULL, &net), CPWL_IO,
                "[IO] cannot read /dev/zero: not a regular file");
    CHECK_FAILS(cpwl_network_from_onnx_file(NULL, NULL, NULL, &net), CPWL_ARGUMENT, "[NULL] path is NULL");
    CHECK(net == NULL);
}

static void onnx_file(void) {
    char path[] = "cpwl-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    cpwl_network *net = NULL;
    CHECK(file != NULL);
    CHECK(fwrite(relu_onnx, sizeof relu_onnx, 1, file) == 1 && fclose(file) == 0);
    CHECK_OK(cpwl_network_from_onnx_file(NULL, path, NULL, &net));
    cpwl_network_free(net);
    CHECK(remove(path) == 0);
}

void test_network(void) {
    cpwl_network *net = diagonals(NULL);
    summary(net);
    patterns_and_maps(net);
    cpwl_network_free(net);
    cpwl_network_free(NULL);
    onnx();
    onnx_file();
}
