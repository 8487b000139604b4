/* Every layer on numbers worked out by hand. */
#include "check.h"

static cpwl_network_builder *builder;

static void begin(int32_t ndim, int64_t a, int64_t b, int64_t c) {
    int64_t shape[3];
    shape[0] = a, shape[1] = b, shape[2] = c;
    builder = NULL;
    CHECK_OK(cpwl_network_builder_new(NULL, shape, ndim, &builder));
}

/* Finishes the network and checks that it takes x to y, in f64 and in f32. */
static void end(int64_t n_x, const double *x, int64_t n_y, const double *y) {
    cpwl_network *net = NULL;
    double out[32];
    float out32[32];
    cpwl_tensor xt = tensor(x, CPWL_F64, 1, &n_x), yt = tensor(out, CPWL_F64, 1, &n_y);
    int i;
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    cpwl_network_builder_free(builder);
    CHECK_OK(cpwl_network_forward(NULL, net, &xt, NULL, &yt));
    for (i = 0; i < n_y; i++) CHECK_NEAR(out[i], y[i], 1e-15);
    yt.data = out32, yt.dtype = CPWL_F32;
    CHECK_OK(cpwl_network_forward(NULL, net, &xt, NULL, &yt));
    for (i = 0; i < n_y; i++) CHECK_NEAR(out32[i], y[i], 1e-6);
    cpwl_network_free(net);
}

static const double grid[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void activations(void) {
    static const double x[] = {-3, -0.5, 0.25, 8};
    static const struct {
        int32_t kind;
        double y[4];
    } plain[] = {
        {CPWL_RELU, {0, 0, 0.25, 8}},       {CPWL_LEAKY_RELU, {-0.03, -0.005, 0.25, 8}}, {CPWL_ABS, {3, 0.5, 0.25, 8}},
        {CPWL_RELU6, {0, 0, 0.25, 6}},      {CPWL_HARD_TANH, {-1, -0.5, 0.25, 1}},       {CPWL_CLIP, {-3, -0.5, 0.25, 8}},
        {CPWL_HARD_SIGMOID, {0, 5.0 / 12, 13.0 / 24, 1}}, {CPWL_EXACT_HARD_SWISH, {0, -1.25 / 6, 0.8125 / 6, 8}},
    };
    static const double leaky[] = {-1.5, -0.25, 0.25, 8}, clipped[] = {-2, -0.5, 0, 0}, sigmoid[] = {0, 0, 0.5, 1},
                        flat[] = {0, 0, 0.25, 8};
    cpwl_activation_options o;
    int i;
    for (i = 0; i < COUNT(plain); i++) {
        begin(1, 4, 0, 0);
        CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, plain[i].kind, NULL, NULL));
        end(4, x, 4, plain[i].y);
    }
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    begin(1, 4, 0, 0);
    o.alpha = 0.5;
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_LEAKY_RELU, &o, NULL));
    end(4, x, 4, leaky);
    begin(1, 4, 0, 0);
    o.alpha = 0, o.given = 1; /* a slope of zero is meant */
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_LEAKY_RELU, &o, NULL));
    end(4, x, 4, flat);
    begin(1, 4, 0, 0);
    o.lo = -2, o.hi = 0, o.given = 1 << 3;
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_CLIP, &o, NULL));
    end(4, x, 4, clipped);
    begin(1, 4, 0, 0);
    o.alpha = 2, o.beta = 0, o.given = 1 << 1;
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_HARD_SIGMOID, &o, NULL));
    end(4, x, 4, sigmoid);
}

static void functions_from_knots(void) {
    static const double x[] = {-3, -0.5, 0.25, 8}, knots[] = {0, 1}, slopes[] = {-1, 2, 0}, y[] = {6, 3.5, 3.5, 5},
                        line[] = {1.5}, y_line[] = {-2.5, 1.25, 2.375, 14}, per_channel[] = {0.5, 0, 2, -1},
                        y_prelu[] = {-1.5, 0, 0.25, 8};
    static const int64_t two[] = {2}, three[] = {3}, one[] = {1}, none[] = {0}, four[] = {4};
    const cpwl_tensor k = tensor(knots, CPWL_F64, 1, two), s = tensor(slopes, CPWL_F64, 1, three),
                      k0 = tensor(NULL, CPWL_F64, 1, none), s1 = tensor(line, CPWL_F64, 1, one),
                      p = tensor(per_channel, CPWL_F64, 1, four);
    begin(1, 4, 0, 0);
    CHECK_OK(cpwl_network_builder_pwl(NULL, builder, -1, &k, &s, 3, NULL));
    end(4, x, 4, y);
    begin(1, 4, 0, 0);
    CHECK_OK(cpwl_network_builder_pwl(NULL, builder, -1, &k0, &s1, 2, NULL));
    end(4, x, 4, y_line);
    begin(1, 4, 0, 0);
    CHECK_OK(cpwl_network_builder_prelu(NULL, builder, -1, &p, NULL));
    end(4, x, 4, y_prelu);
    begin(1, 4, 0, 0);
    CHECK_FAILS(cpwl_network_builder_pwl(NULL, builder, -1, &k, &k, 3, NULL), CPWL_SHAPE,
                "[SHAPE] slopes has 2 entries; expected 3 (knots + 1)");
    cpwl_network_builder_free(builder);
}

static void convolutions(void) {
    static const float cross[] = {1, 0, 0, -1}, ones[] = {1, 1, 1, 1}, bias[] = {0.5f}, scale[] = {2, -1};
    static const int64_t kernel[] = {1, 1, 2, 2}, one[] = {1}, grouped[] = {2, 1, 1, 1};
    static const double y[] = {-3.5, -3.5, -3.5, -3.5}, padded[] = {1, 5, 11, 28}, dilated[] = {20},
                        x2[] = {1, 2, 3, 4}, y2[] = {2, 4, -3, -4};
    const cpwl_tensor w = tensor(cross, CPWL_F32, 4, kernel), w1 = tensor(ones, CPWL_F32, 4, kernel),
                      b = tensor(bias, CPWL_F32, 1, one), g = tensor(scale, CPWL_F32, 4, grouped);
    cpwl_conv2d_options o;
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_conv2d(NULL, builder, -1, &w, &b, NULL, NULL));
    end(9, grid, 4, y);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.stride[0] = o.stride[1] = 2;
    o.padding[0] = o.padding[1] = o.padding[2] = o.padding[3] = 1;
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_conv2d(NULL, builder, -1, &w1, NULL, &o, NULL));
    end(9, grid, 4, padded);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.dilation[0] = o.dilation[1] = 2; /* the corners: 1 + 3 + 7 + 9 */
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_conv2d(NULL, builder, -1, &w1, NULL, &o, NULL));
    end(9, grid, 1, dilated);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.groups = 2;
    begin(3, 2, 1, 2);
    CHECK_OK(cpwl_network_builder_conv2d(NULL, builder, -1, &g, NULL, &o, NULL));
    end(4, x2, 4, y2);
}

static void pools(void) {
    static const double best[] = {5, 6, 8, 9}, mean[] = {0.25, 1.25, 2.75, 7}, real_mean[] = {1, 2.5, 5.5, 7},
                        all[] = {5}, ceiled[] = {3, 4.5, 7.5, 9}, x[] = {1, 5, 3, 2}, most[] = {5, 3};
    cpwl_pool2d_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.kernel[0] = o.kernel[1] = 2;
    o.stride[0] = o.stride[1] = 1;
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_max_pool2d(NULL, builder, -1, &o, NULL));
    end(9, grid, 4, best);
    o.stride[0] = o.stride[1] = 0; /* that of the kernel */
    o.padding[0] = o.padding[1] = 1;
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_avg_pool2d(NULL, builder, -1, &o, NULL));
    end(9, grid, 4, mean);
    o.exclude_padding = 1;
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_avg_pool2d(NULL, builder, -1, &o, NULL));
    end(9, grid, 4, real_mean);
    o.padding[0] = o.padding[1] = 0;
    o.ceil_mode = 1;
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_avg_pool2d(NULL, builder, -1, &o, NULL));
    end(9, grid, 4, ceiled);
    begin(3, 1, 3, 3);
    CHECK_OK(cpwl_network_builder_global_avg_pool(NULL, builder, -1, NULL));
    end(9, grid, 1, all);
    begin(1, 4, 0, 0);
    CHECK_OK(cpwl_network_builder_maxout(NULL, builder, -1, 2, NULL));
    end(4, x, 2, most);
    begin(3, 1, 3, 3);
    CHECK_FAILS(cpwl_network_builder_max_pool2d(NULL, builder, -1, NULL, NULL), CPWL_ARGUMENT,
                "[NULL] opts is NULL; cpwl_pool2d_options has no defaults for all fields");
    cpwl_network_builder_free(builder);
}

static void scales(void) {
    static const double x[] = {1, 2, 3, 4}, gamma[] = {2, 2}, beta[] = {1, 0}, mean[] = {3, 1}, var[] = {4, 1},
                        y[] = {-1, 0, 4, 6}, plain[] = {-1, -0.5, 2, 3}, factor[] = {3}, shift[] = {-1, 0, 0, 1},
                        affine[] = {2, 6, 9, 13};
    static const int64_t two[] = {2}, one[] = {1}, four[] = {4};
    const cpwl_tensor g = tensor(gamma, CPWL_F64, 1, two), b = tensor(beta, CPWL_F64, 1, two),
                      m = tensor(mean, CPWL_F64, 1, two), v = tensor(var, CPWL_F64, 1, two),
                      f = tensor(factor, CPWL_F64, 1, one), s = tensor(shift, CPWL_F64, 1, four);
    begin(3, 2, 1, 2);
    CHECK_OK(cpwl_network_builder_batch_norm(NULL, builder, -1, &g, &b, &m, &v, 0, NULL));
    end(4, x, 4, y);
    begin(3, 2, 1, 2);
    CHECK_OK(cpwl_network_builder_batch_norm(NULL, builder, -1, NULL, NULL, &m, &v, 0, NULL));
    end(4, x, 4, plain);
    begin(1, 4, 0, 0);
    CHECK_OK(cpwl_network_builder_scale_shift(NULL, builder, -1, &f, &s, NULL));
    end(4, x, 4, affine);
}

static void graphs(void) {
    static const double x[] = {-1, 2, 3, -4}, y[] = {-1, 4, 6, -4, -1, 2, 3, -4};
    int64_t shape[2];
    int32_t relu = -7, sum = -7, inputs[2];
    shape[0] = 2, shape[1] = -1;
    begin(1, 4, 0, 0);
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, 0, CPWL_RELU, NULL, &relu));
    CHECK(relu == 1);
    inputs[0] = 0, inputs[1] = relu;
    CHECK_OK(cpwl_network_builder_add(NULL, builder, inputs, 2, &sum));
    inputs[0] = sum, inputs[1] = 0;
    CHECK_OK(cpwl_network_builder_concat(NULL, builder, inputs, 2, 0, NULL));
    CHECK_OK(cpwl_network_builder_reshape(NULL, builder, -1, shape, 2, NULL));
    CHECK_OK(cpwl_network_builder_flatten(NULL, builder, -1, NULL));
    end(4, x, 8, y);
}

static void bad_layers(void) {
    static const double weight[] = {1, 2, 3, 4}, infinite[] = {1, 2, 3, INFINITY};
    static const int64_t square[] = {2, 2}, flat[] = {4}, zero[] = {0}, negative[] = {-2};
    const cpwl_tensor w = tensor(weight, CPWL_F64, 2, square), v = tensor(weight, CPWL_F64, 1, flat),
                      i = tensor(infinite, CPWL_F64, 2, square);
    cpwl_tensor integers = w;
    int32_t node = -7;
    cpwl_network_builder *none = NULL;
    cpwl_network *net = NULL;
    cpwl_activation_options o;
    integers.dtype = CPWL_I64;
    CHECK_FAILS(cpwl_network_builder_new(NULL, NULL, 1, &none), CPWL_ARGUMENT, "[NULL] input_shape is NULL");
    CHECK_FAILS(cpwl_network_builder_new(NULL, zero, 1, &none), CPWL_SHAPE, "[SHAPE] *");
    CHECK_FAILS(cpwl_network_builder_new(NULL, negative, 1, &none), CPWL_ARGUMENT,
                "[ARGUMENT] input_shape[0] is -2; expected 0 or more");
    CHECK_FAILS(cpwl_network_builder_new(NULL, flat, -1, &none), CPWL_ARGUMENT,
                "[ARGUMENT] the length of input_shape is -1; expected 0 or more");
    CHECK_FAILS(cpwl_network_builder_new(NULL, flat, 1, NULL), CPWL_ARGUMENT, "[NULL] out is NULL");
    CHECK(none == NULL);

    begin(1, 4, 0, 0);
    CHECK_FAILS(cpwl_network_builder_dense(NULL, NULL, -1, &w, NULL, &node), CPWL_ARGUMENT, "[NULL] builder is NULL");
    CHECK_FAILS(cpwl_network_builder_dense(NULL, builder, -1, NULL, NULL, &node), CPWL_ARGUMENT,
                "[NULL] weight is NULL");
    CHECK_FAILS(cpwl_network_builder_dense(NULL, builder, -1, &w, NULL, &node), CPWL_SHAPE, "[SHAPE] dense (node 1): *");
    CHECK_FAILS(cpwl_network_builder_dense(NULL, builder, -1, &v, NULL, &node), CPWL_SHAPE,
                "[RANK] weight has 1 axes; expected 2: (out, in)");
    CHECK_FAILS(cpwl_network_builder_dense(NULL, builder, -1, &i, NULL, &node), CPWL_NONFINITE,
                "[NONFINITE] weight[1, 1] is inf; expected a finite f64 number");
    CHECK_FAILS(cpwl_network_builder_dense(NULL, builder, -1, &integers, NULL, &node), CPWL_DTYPE,
                "[DTYPE] weight has dtype i64; expected f32, f64, f16, bf16");
    CHECK_FAILS(cpwl_network_builder_flatten(NULL, builder, 5, &node), CPWL_ARGUMENT, "[GRAPH] node 5 does not exist*");
    CHECK_FAILS(cpwl_network_builder_flatten(NULL, builder, -2, &node), CPWL_ARGUMENT,
                "[GRAPH] node -2 does not exist; expected 0 to 0, or -1 for the last");
    CHECK_FAILS(cpwl_network_builder_activation(NULL, builder, -1, 9, NULL, &node), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] kind is 9; expected 1 (CPWL_RELU) to 8 (CPWL_EXACT_HARD_SWISH)");
    memset(&o, 0, sizeof o);
    CHECK_FAILS(cpwl_network_builder_activation(NULL, builder, -1, CPWL_RELU, &o, &node), CPWL_ARGUMENT,
                "[STRUCT_SIZE] cpwl_activation_options: struct_size is 0; *");
    CHECK_FAILS(cpwl_network_builder_maxout(NULL, builder, -1, 3, &node), CPWL_SHAPE, "[SHAPE] maxout (node 1): *");
    CHECK_FAILS(cpwl_network_builder_finish(NULL, builder, -1, &net), CPWL_ARGUMENT, "[GRAPH] the output is the input *");
    CHECK(node == -7 && net == NULL);
    cpwl_network_builder_free(builder);
    cpwl_network_builder_free(NULL);
}

void test_layers(void) {
    activations();
    functions_from_knots();
    convolutions();
    pools();
    scales();
    graphs();
    bad_layers();
}
