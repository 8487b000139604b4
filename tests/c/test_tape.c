/* Parameters of a network, the same graph with other ones, recorded passes and gradients. */
#include "check.h"

#include <stddef.h>

/* y = relu(u + v) + 2 relu(u - v) + 1/2. */
static void parameters(const cpwl_context *ctx, const cpwl_network *net) {
    static const double point[] = {2, 1}, hidden[] = {2, 0, 0, 2}, shift[] = {-1};
    static const int64_t flat[] = {2}, four[] = {4}, one[] = {1}, three[] = {3};
    cpwl_network_summary info;
    cpwl_parameter_info p;
    cpwl_network *other = NULL;
    cpwl_tensor arrays[3];
    double y[1], bad[4] = {1, 2, 3, 4};
    const cpwl_tensor x = tensor(point, CPWL_F64, 1, flat);
    cpwl_tensor out = tensor(y, CPWL_F64, 1, one);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_network_info(ctx, net, &info));
    CHECK(info.n_arrays == 3);
    memset(&p, 0, sizeof p);
    CHECK_FAILS(cpwl_network_parameter(ctx, net, 0, &p), CPWL_ARGUMENT, "[STRUCT_SIZE] cpwl_parameter_info: struct_size is 0; *");
    p.struct_size = sizeof p;
    CHECK_OK(cpwl_network_parameter(ctx, net, 0, &p));
    CHECK(p.node == 1 && p.which == 0 && strcmp(p.name, "weight") == 0);
    CHECK(p.values.ndim == 2 && p.values.shape[0] == 2 && p.values.shape[1] == 2 && p.values.dtype == CPWL_F64);
    CHECK(((const double *)p.values.data)[3] == -1);
    CHECK_OK(cpwl_network_parameter(ctx, net, 2, &p));
    CHECK(p.node == 3 && p.which == 1 && strcmp(p.name, "bias") == 0 && p.values.ndim == 1 && p.values.shape[0] == 1);
    CHECK_FAILS(cpwl_network_parameter(ctx, net, 3, &p), CPWL_ARGUMENT, "[ARGUMENT] array 3 does not exist; the network has 3");

    memset(arrays, 0, sizeof arrays); /* dtype 0: as it is */
    arrays[0] = tensor(hidden, CPWL_F64, 1, four);
    arrays[2] = tensor(shift, CPWL_F64, 1, one);
    CHECK_OK(cpwl_network_with_parameters(ctx, net, arrays, 3, &other));
    CHECK_OK(cpwl_network_forward(ctx, other, &x, NULL, &out));
    CHECK(y[0] == 4 + 2 * 2 - 1);
    cpwl_network_free(other);
    other = NULL;
    CHECK_FAILS(cpwl_network_with_parameters(ctx, net, arrays, 2, &other), CPWL_SHAPE, "[SHAPE] n is 2; the network has 3 arrays");
    arrays[1] = tensor(hidden, CPWL_F64, 1, three);
    CHECK_FAILS(cpwl_network_with_parameters(ctx, net, arrays, 3, &other), CPWL_SHAPE,
                "[SHAPE] arrays[1] has shape [3]; expected [1, 2]");
    memset(&arrays[1], 0, sizeof arrays[1]);
    bad[2] = NAN;
    arrays[0] = tensor(bad, CPWL_F64, 1, four);
    CHECK_FAILS(cpwl_network_with_parameters(ctx, net, arrays, 3, &other), CPWL_NONFINITE, "[NONFINITE] arrays[0][2] is NaN; *");
    CHECK(other == NULL);
}

static void gradients(const cpwl_context *ctx, const cpwl_network *net) {
    static const double points[] = {2, 1, -1, 3, 0, 0}, dy[] = {1, 10, 100};
    static const int64_t batch[] = {3, 2}, outputs[] = {3, 1}, two_two[] = {2, 2}, one_two[] = {1, 2}, one[] = {1}, wrong[] = {2, 1};
    double y[3], dx[6], w1[4], w2[2], b2[1];
    float single[3], dx32[6];
    cpwl_tape *tape = NULL;
    const cpwl_tensor x = tensor(points, CPWL_F64, 2, batch), g = tensor(dy, CPWL_F64, 2, outputs),
                      short_g = tensor(dy, CPWL_F64, 2, wrong);
    cpwl_tensor out = tensor(y, CPWL_F64, 2, outputs), to_x = tensor(dx, CPWL_F64, 2, batch), to[3];
    int i;
    CHECK_OK(cpwl_network_record(ctx, net, &x, &out, &tape));
    CHECK(y[0] == 5.5 && y[1] == 2.5 && y[2] == 0.5);
    to[0] = tensor(w1, CPWL_F64, 2, two_two), to[1] = tensor(w2, CPWL_F64, 2, one_two), to[2] = tensor(b2, CPWL_F64, 1, one);
    CHECK_OK(cpwl_tape_backward(ctx, tape, &g, &to_x, to, 3));
    {
        /* The third point sits on both kinks, where a ReLU has slope 0. */
        static const double x_expected[] = {3, -1, 10, 10, 0, 0}, w1_expected[] = {2 - 10, 1 + 30, 4, 2};
        for (i = 0; i < 6; i++) CHECK(dx[i] == x_expected[i]);
        for (i = 0; i < 4; i++) CHECK(w1[i] == w1_expected[i]);
    }
    CHECK(w2[0] == 3 + 20 && w2[1] == 1 && b2[0] == 111);
    memset(dx, 0, sizeof dx);
    CHECK_OK(cpwl_tape_backward(ctx, tape, &g, &to_x, NULL, 0));
    CHECK(dx[2] == 10);
    memset(to, 0, sizeof to);
    b2[0] = 0;
    to[2] = tensor(b2, CPWL_F64, 1, one);
    CHECK_OK(cpwl_tape_backward(ctx, tape, &g, NULL, to, 3));
    CHECK(b2[0] == 111);
    CHECK_FAILS(cpwl_tape_backward(ctx, tape, &short_g, NULL, NULL, 0), CPWL_SHAPE, "[SHAPE] dy has shape [2, 1]; x has 3 samples");
    CHECK_FAILS(cpwl_tape_backward(ctx, tape, &g, NULL, to, 2), CPWL_SHAPE, "[SHAPE] n is 2; the network has 3 arrays");
    to[0] = tensor(dx, CPWL_F64, 2, two_two);
    CHECK_FAILS(cpwl_tape_backward(ctx, tape, &g, &to_x, to, 3), CPWL_ARGUMENT, "[OVERLAP] parameters[0] lies in the memory of dx");
    cpwl_tape_free(tape);
    cpwl_tape_free(NULL);

    tape = NULL;
    out = tensor(single, CPWL_F32, 2, outputs), to_x = tensor(dx32, CPWL_F32, 2, batch);
    CHECK_OK(cpwl_network_record(ctx, net, &x, &out, &tape));
    CHECK_OK(cpwl_tape_backward(ctx, tape, &g, &to_x, NULL, 0));
    CHECK(single[0] == 5.5f && dx32[0] == 3 && dx32[1] == -1 && dx32[4] == 0);
    cpwl_tape_free(tape);
}

void test_tape(void) {
    cpwl_network *net = diagonals(NULL);
    cpwl_context_options o;
    cpwl_context *reference = NULL;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = CPWL_CONTEXT_REFERENCE;
    CHECK_OK(cpwl_context_new(&o, &reference));
    parameters(NULL, net);
    gradients(NULL, net);
    gradients(reference, net);
    cpwl_context_free(reference);
    cpwl_network_free(net);
}
