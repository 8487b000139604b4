/* POLICE on numbers worked out by hand: relu(u + v) + 2 relu(u - v) + 1/2 on the unit square. The first sum is never
 * negative there; the difference has the range [-1, 1], a tie, so that it is switched off by a shift of 1. */
#include "check.h"

static const int64_t two[] = {2}, corners_shape[] = {4, 2};
static const double square_corners[] = {0, 0, 1, 0, 1, 1, 0, 1};

static cpwl_network *biased(int with_bias) {
    static const double hidden[] = {1, 1, 1, -1}, zeros[] = {0, 0}, out[] = {1, 2}, shift[] = {0.5};
    static const int64_t hidden_shape[] = {2, 2}, out_shape[] = {1, 2}, one[] = {1};
    const cpwl_tensor w1 = tensor(hidden, CPWL_F64, 2, hidden_shape), b1 = tensor(zeros, CPWL_F64, 1, two),
                      w2 = tensor(out, CPWL_F64, 2, out_shape), b2 = tensor(shift, CPWL_F64, 1, one);
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    CHECK_OK(cpwl_network_builder_new(NULL, two, 1, &builder));
    CHECK_OK(cpwl_network_builder_dense(NULL, builder, -1, &w1, with_bias ? &b1 : NULL, NULL));
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_RELU, NULL, NULL));
    CHECK_OK(cpwl_network_builder_dense(NULL, builder, -1, &w2, &b2, NULL));
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    cpwl_network_builder_free(builder);
    return net;
}

static cpwl_set *square(void) {
    const cpwl_tensor points = tensor(square_corners, CPWL_F64, 2, corners_shape);
    cpwl_set *set = NULL;
    CHECK_OK(cpwl_set_vertices(NULL, &points, NULL, &set));
    return set;
}

static cpwl_police_options options(uint32_t flags) {
    cpwl_police_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = flags;
    return o;
}

static const double *doubles(const cpwl_policed *policed, int32_t which, int32_t index, int64_t n) {
    cpwl_tensor t;
    CHECK_OK(cpwl_policed_array(NULL, policed, which, index, &t));
    CHECK(t.dtype == CPWL_F64 && t.shape[0] == n);
    return (const double *)t.data;
}

static const int32_t *ints(const cpwl_policed *policed, int32_t which, int32_t index) {
    cpwl_tensor t;
    CHECK_OK(cpwl_policed_array(NULL, policed, which, index, &t));
    CHECK(t.dtype == CPWL_I32);
    return (const int32_t *)t.data;
}

static void plan(const cpwl_network *net, const cpwl_set *set) {
    const cpwl_police_options o = options(CPWL_POLICE_KAPPA);
    const double *shift, *bias, *a;
    const int32_t *codes, *corner, *region;
    cpwl_policed *policed = NULL;
    cpwl_policed_summary info;
    cpwl_policed_layer_summary layer;
    cpwl_network *folded = NULL;
    cpwl_tensor t;
    double x[] = {2, 0}, y[1];
    static const int64_t sample[] = {1, 2}, value[] = {1, 1};
    const cpwl_tensor in = tensor(x, CPWL_F64, 2, sample);
    cpwl_tensor out = tensor(y, CPWL_F64, 2, value);
    CHECK_OK(cpwl_police(NULL, net, &set, 1, &o, &policed));
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_policed_info(NULL, policed, &info));
    CHECK(info.n_layers == 1 && info.n_regions == 1 && info.n_shifted == 1 && info.n_dead == 1 && info.n_shared == 0);
    CHECK(info.largest_shift == 1 && info.smallest_margin == 0);
    memset(&layer, 0, sizeof layer);
    layer.struct_size = sizeof layer;
    CHECK_OK(cpwl_policed_layer(NULL, policed, 0, &layer));
    CHECK(layer.unit_layer == 0 && layer.node == 1 && layer.parameter == 1 && layer.n_groups == 2 && layer.n_shifted == 1 && layer.n_dead == 1);
    CHECK(layer.largest_shift == 1);
    shift = doubles(policed, CPWL_POLICED_SHIFTS, 0, 2);
    bias = doubles(policed, CPWL_POLICED_BIASES, 0, 2);
    CHECK(shift[0] == 0 && shift[1] == 1 && bias[0] == 0 && bias[1] == -1);
    CHECK(doubles(policed, CPWL_POLICED_MARGINS, 0, 2)[1] == 0);
    codes = ints(policed, CPWL_POLICED_CODES, 0);
    region = ints(policed, CPWL_POLICED_DECIDING_REGION, 0);
    corner = ints(policed, CPWL_POLICED_DECIDING_CORNER, 0);
    CHECK(codes[0] == 1 && codes[1] == 0 && region[0] == -1 && region[1] == 0 && corner[0] == -1 && corner[1] == 1);
    a = doubles(policed, CPWL_POLICED_MAP_A, 0, 1);
    CHECK(a[0] == 1 && a[1] == 1 && doubles(policed, CPWL_POLICED_MAP_C, 0, 1)[0] == 0.5);
    CHECK_OK(cpwl_policed_array(NULL, policed, CPWL_POLICED_SHARED, 0, &t));
    CHECK(t.ndim == 2 && t.shape[0] == 0 && t.shape[1] == 2);
    CHECK_OK(cpwl_policed_network(NULL, policed, &folded));
    CHECK_FAILS(cpwl_policed_layer(NULL, policed, 1, &layer), CPWL_ARGUMENT, "[ARGUMENT] layer is 1; expected 0 to 0");
    CHECK_FAILS(cpwl_policed_array(NULL, policed, CPWL_POLICED_MAP_A, -1, &t), CPWL_ARGUMENT,
                "[ARGUMENT] index is -1; expected 0 to 0");
    CHECK_FAILS(cpwl_policed_array(NULL, policed, 0, 0, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 0; *");
    CHECK_FAILS(cpwl_policed_array(NULL, policed, 10, 0, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 10; *");
    cpwl_policed_free(policed);
    CHECK_OK(cpwl_network_forward(NULL, folded, &in, NULL, &out)); /* outside of the square: 2 + 2 (2 - 1) + 1/2 */
    CHECK(y[0] == 4.5);
    cpwl_network_free(folded);
}

static void rules(const cpwl_network *net, const cpwl_set *set) {
    static const int32_t on[] = {1, 1}, free_layers[] = {0};
    cpwl_police_options o = options(CPWL_POLICE_KAPPA);
    cpwl_policed *policed = NULL;
    cpwl_policed_summary info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    o.rule = CPWL_POLICE_GIVEN;
    o.codes = on;
    o.n_codes = 2;
    CHECK_OK(cpwl_police(NULL, net, &set, 1, &o, &policed));
    CHECK(doubles(policed, CPWL_POLICED_SHIFTS, 0, 2)[1] == -1 && doubles(policed, CPWL_POLICED_BIASES, 0, 2)[1] == 1);
    cpwl_policed_free(policed);
    o = options(CPWL_POLICE_KAPPA);
    o.free_layers = free_layers;
    o.n_free_layers = 1;
    CHECK_OK(cpwl_police(NULL, net, &set, 1, &o, &policed));
    CHECK_OK(cpwl_policed_info(NULL, policed, &info));
    CHECK(info.n_layers == 0 && info.n_shifted == 0);
    cpwl_policed_free(policed);
    o = options(CPWL_POLICE_KAPPA);
    o.margin = 0.25;
    CHECK_OK(cpwl_police(NULL, net, &set, 1, &o, &policed));
    CHECK(doubles(policed, CPWL_POLICED_SHIFTS, 0, 2)[0] == -0.25 && doubles(policed, CPWL_POLICED_SHIFTS, 0, 2)[1] == 1.25);
    cpwl_policed_free(policed);
    /* The default kappa keeps units a little off their knots. */
    CHECK_OK(cpwl_police(NULL, net, &set, 1, NULL, &policed));
    CHECK(doubles(policed, CPWL_POLICED_SHIFTS, 0, 2)[1] > 1);
    CHECK_NEAR(doubles(policed, CPWL_POLICED_SHIFTS, 0, 2)[1], 1, 1e-13);
    cpwl_policed_free(policed);
}

/* The bias of the shifted unit is -w . v at the corner v = (1, 0): its gradient goes to w as -v, to v as -w, and none
 * to the old bias. */
static void gradients(const cpwl_network *net, const cpwl_set *set) {
    static const int64_t square_shape[] = {2, 2}, row_shape[] = {1, 2}, one[] = {1};
    const cpwl_police_options o = options(CPWL_POLICE_KAPPA | CPWL_POLICE_GRADIENT);
    double beta[] = {1, 1}, w1[4], b1[2], w2[2], b2[1], rows[8];
    cpwl_tensor folded[4], parameters[4], of_rows;
    cpwl_policed *policed = NULL;
    int i;
    memset(folded, 0, sizeof folded);
    folded[1] = tensor(beta, CPWL_F64, 1, two);
    parameters[0] = tensor(w1, CPWL_F64, 2, square_shape);
    parameters[1] = tensor(b1, CPWL_F64, 1, two);
    parameters[2] = tensor(w2, CPWL_F64, 2, row_shape);
    parameters[3] = tensor(b2, CPWL_F64, 1, one);
    of_rows = tensor(rows, CPWL_F64, 2, corners_shape);
    CHECK_OK(cpwl_police(NULL, net, &set, 1, &o, &policed));
    CHECK_OK(cpwl_policed_backward(NULL, policed, folded, 4, parameters, 4, &of_rows, 1));
    CHECK(w1[0] == 0 && w1[1] == 0 && w1[2] == -1 && w1[3] == 0 && b1[0] == 1 && b1[1] == 0);
    CHECK(w2[0] == 0 && w2[1] == 0 && b2[0] == 0);
    for (i = 0; i < 8; i++) CHECK(rows[i] == (i == 2 ? -1 : i == 3 ? 1 : 0));
    CHECK_FAILS(cpwl_policed_backward(NULL, policed, folded, 3, parameters, 4, NULL, 0), CPWL_SHAPE,
                "[SHAPE] folded has 3 tensors; expected 4");
    CHECK_FAILS(cpwl_policed_backward(NULL, policed, folded, 4, parameters, 2, NULL, 0), CPWL_SHAPE,
                "[SHAPE] parameters has 2 tensors; expected 4");
    w1[0] = 7;
    parameters[3] = tensor(w1, CPWL_F64, 2, square_shape);
    CHECK_FAILS(cpwl_policed_backward(NULL, policed, folded, 4, parameters, 4, NULL, 0), CPWL_SHAPE, "[SHAPE] parameters[3] *");
    CHECK(w1[0] == 7); /* nothing is written on error */
    beta[0] = NAN;
    CHECK_FAILS(cpwl_policed_backward(NULL, policed, folded, 4, NULL, 0, &of_rows, 1), CPWL_NONFINITE, "[NONFINITE] *");
    cpwl_policed_free(policed);
    CHECK_OK(cpwl_police(NULL, net, &set, 1, NULL, &policed));
    beta[0] = 1;
    CHECK_FAILS(cpwl_policed_backward(NULL, policed, folded, 4, NULL, 0, NULL, 0), CPWL_ARGUMENT, "[NOT_STORED] *");
    cpwl_policed_free(policed);
}

static void refused(const cpwl_network *net, const cpwl_set *set) {
    cpwl_network *bare = biased(0);
    cpwl_police_options o = options(0);
    cpwl_policed *policed = NULL;
    const cpwl_set *none = NULL;
    CHECK_FAILS(cpwl_police(NULL, bare, &set, 1, NULL, &policed), CPWL_UNSUPPORTED, "[NO_BIAS] *");
    CHECK_FAILS(cpwl_police(NULL, net, NULL, 0, NULL, &policed), CPWL_ARGUMENT, "[EMPTY_REGION] *");
    CHECK_FAILS(cpwl_police(NULL, net, NULL, 1, NULL, &policed), CPWL_ARGUMENT, "[NULL] sets is NULL");
    CHECK_FAILS(cpwl_police(NULL, net, &none, 1, NULL, &policed), CPWL_ARGUMENT, "[NULL] a set is NULL");
    o.rule = 5;
    CHECK_FAILS(cpwl_police(NULL, net, &set, 1, &o, &policed), CPWL_ARGUMENT, "[UNKNOWN_ENUM] rule is 5; *");
    o.rule = CPWL_POLICE_GIVEN;
    CHECK_FAILS(cpwl_police(NULL, net, &set, 1, &o, &policed), CPWL_ARGUMENT, "[ARGUMENT] *");
    o = options(0x20);
    CHECK_FAILS(cpwl_police(NULL, net, &set, 1, &o, &policed), CPWL_UNSUPPORTED,
                "[UNKNOWN_OPTION] flags is 0x20; this version knows 0x1f");
    o = options(0);
    o.precision = 4;
    CHECK_FAILS(cpwl_police(NULL, net, &set, 1, &o, &policed), CPWL_ARGUMENT, "[UNKNOWN_ENUM] precision is 4; *");
    CHECK(policed == NULL);
    cpwl_policed_free(NULL);
    cpwl_network_free(bare);
}

void test_police(void) {
    cpwl_network *net = biased(1);
    cpwl_set *set = square();
    plan(net, set);
    gradients(net, set);
    rules(net, set);
    refused(net, set);
    cpwl_set_free(set);
    cpwl_network_free(net);
}
