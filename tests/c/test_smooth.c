/* Smooth activations on request, and ReLU fused with the maximum behind it. */
#include "check.h"

/* x through one smooth layer: y, and what the network says of it. */
static double smooth(int32_t kind, int64_t knots, const cpwl_smooth_options *o, double x, cpwl_approximation_summary *said) {
    static const int64_t one[] = {1};
    double y = 0;
    const cpwl_tensor in = tensor(&x, CPWL_F64, 1, one);
    cpwl_tensor out = tensor(&y, CPWL_F64, 1, one);
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    CHECK_OK(cpwl_network_builder_new(NULL, one, 1, &builder));
    CHECK_OK(cpwl_network_builder_smooth(NULL, builder, -1, kind, knots, o, NULL));
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    CHECK_OK(cpwl_network_forward(NULL, net, &in, NULL, &out));
    memset(said, 0, sizeof *said);
    said->struct_size = sizeof *said;
    CHECK_OK(cpwl_network_approximation(NULL, net, 0, said));
    CHECK(said->kind == kind && said->node == 1 && said->knots >= 2 && said->knots <= knots);
    CHECK(strcmp(said->name, "pointwise_1") == 0);
    CHECK_FAILS(cpwl_network_approximation(NULL, net, 1, said), CPWL_ARGUMENT,
                "[ARGUMENT] index is 1; the network has 1 approximations, counted from 0");
    CHECK_FAILS(cpwl_network_approximation(NULL, net, -1, said), CPWL_ARGUMENT, "[ARGUMENT] index is -1; *");
    cpwl_network_free(net);
    cpwl_network_builder_free(builder);
    return y;
}

static void functions(void) {
    /* Values at -0.7 with the defaults of torch. */
    static const double at[] = {0, -0.169375, -0.169430, -0.232269, -0.604368, 0.331812,
                                0.403186, -0.503415, -0.885053, -0.503415, -0.267870, -0.268333};
    cpwl_approximation_summary said;
    cpwl_smooth_options o;
    double y;
    int32_t kind;
    for (kind = CPWL_GELU; kind <= CPWL_HARD_SWISH; kind++) {
        y = smooth(kind, 100, NULL, -0.7, &said);
        CHECK_NEAR(y, at[kind], said.bound + 1e-6);
        CHECK(said.bound > 0 && said.bound < 2e-4);
        CHECK(y == smooth(kind, 100, NULL, -0.7, &said));
    }
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.alpha = 0.5;
    y = smooth(CPWL_ELU, 64, &o, -0.7, &said);
    CHECK_NEAR(y, 0.5 * (exp(-0.7) - 1), said.bound);
    o.beta = 2;
    y = smooth(CPWL_SILU, 64, &o, -0.7, &said);
    CHECK_NEAR(y, -0.7 / (1 + exp(1.4)), said.bound);
    o.threshold = 0.5;
    y = smooth(CPWL_SOFTPLUS, 64, &o, -0.7, &said);
    CHECK_NEAR(y, log(1 + exp(-1.4)) / 2, said.bound);
    o.given = 4, o.threshold = 0;
    y = smooth(CPWL_SOFTPLUS, 64, &o, -3, &said);
    CHECK_NEAR(y, log(1 + exp(-6)) / 2, said.bound);
    CHECK_NEAR(said.bound, log(2) / 4, 0.01); /* half of the jump at 0 */
}

static void refusals(void) {
    static const int64_t two[] = {2};
    cpwl_network_builder *builder = NULL;
    cpwl_smooth_options o;
    int32_t node = -7;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    CHECK_OK(cpwl_network_builder_new(NULL, two, 1, &builder));
    CHECK_FAILS(cpwl_network_builder_smooth(NULL, builder, -1, CPWL_GELU, 0, NULL, &node), CPWL_UNSUPPORTED,
                "[ACT_NOT_CPWL] gelu (node 1): is not piecewise linear; *");
    CHECK_FAILS(cpwl_network_builder_smooth(NULL, builder, -1, CPWL_GELU, 1, NULL, &node), CPWL_ARGUMENT,
                "[ARGUMENT] gelu (node 1): knots is 1; expected 2 to 1024");
    CHECK_FAILS(cpwl_network_builder_smooth(NULL, builder, -1, CPWL_GELU, -1, NULL, &node), CPWL_ARGUMENT,
                "[ARGUMENT] knots is -1; expected 0 or more");
    CHECK_FAILS(cpwl_network_builder_smooth(NULL, builder, -1, 12, 8, NULL, &node), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] kind is 12; expected 1 (CPWL_GELU) to 11 (CPWL_HARD_SWISH)");
    o.given = 1;
    CHECK_FAILS(cpwl_network_builder_smooth(NULL, builder, -1, CPWL_CELU, 8, &o, &node), CPWL_ARGUMENT,
                "[ARGUMENT] celu (node 1): celu: alpha is 0; expected 1/1024 to 1024");
    o.given = 8;
    CHECK_FAILS(cpwl_network_builder_smooth(NULL, builder, -1, CPWL_CELU, 8, &o, &node), CPWL_UNSUPPORTED,
                "[UNKNOWN_OPTION] given is 0x8, reserved is 0; expected 3 bits and 0");
    CHECK(node == -7);
    cpwl_network_builder_free(builder);
}

/* max(relu(x1), relu(x2)) */
static void fused(void) {
    static const int64_t two[] = {2}, three[] = {3, 2}, codes_shape[] = {3, 1}, one[] = {3, 1};
    static const double points[] = {1, 2, -1, -2, 0, -1}, expected[] = {2, 0, 0};
    double y[3];
    int32_t codes[3];
    const cpwl_tensor x = tensor(points, CPWL_F64, 2, three);
    cpwl_tensor out = tensor(y, CPWL_F64, 2, one), c = tensor(codes, CPWL_I32, 2, codes_shape);
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL, *fused = NULL;
    cpwl_network_summary info;
    int i;
    CHECK_OK(cpwl_network_builder_new(NULL, two, 1, &builder));
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_RELU, NULL, NULL));
    CHECK_OK(cpwl_network_builder_maxout(NULL, builder, -1, 2, NULL));
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    cpwl_network_builder_free(builder);
    CHECK_OK(cpwl_network_fuse_relu_max(NULL, net, &fused));
    cpwl_network_free(net);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_network_info(NULL, fused, &info));
    CHECK(info.n_units == 1 && info.n_nodes == 2);
    CHECK_OK(cpwl_network_forward(NULL, fused, &x, NULL, &out));
    CHECK_OK(cpwl_network_pattern(NULL, fused, &x, &c));
    for (i = 0; i < 3; i++) CHECK(y[i] == expected[i]);
    CHECK(codes[0] == 1 && codes[1] == 2 && codes[2] == 0);
    CHECK_FAILS(cpwl_network_fuse_relu_max(NULL, NULL, &net), CPWL_ARGUMENT, "[NULL] net is NULL");
    CHECK_FAILS(cpwl_network_fuse_relu_max(NULL, fused, NULL), CPWL_ARGUMENT, "[NULL] out is NULL");
    cpwl_network_free(fused);
}

void test_smooth(void) {
    functions();
    refusals();
    fused();
}
