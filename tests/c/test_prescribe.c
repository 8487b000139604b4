/* Maps prescribed on a region, and inequalities, by hand: relu(u + v) + 2 relu(u - v) + 1/2. On the square [2, 3] x [0, 1]
 * both units are on and the network is 3 u - v + 1/2; on [0, 1] x [0, 1] the second one is switched off, u + v + 1/2. */
#include "check.h"

static const int64_t two[] = {2}, one[] = {1}, row[] = {1, 2}, column[] = {1, 1}, corners_shape[] = {4, 2};

static cpwl_network *biased(void) {
    static const double hidden[] = {1, 1, 1, -1}, zeros[] = {0, 0}, out[] = {1, 2}, shift[] = {0.5};
    static const int64_t hidden_shape[] = {2, 2};
    const cpwl_tensor w1 = tensor(hidden, CPWL_F64, 2, hidden_shape), b1 = tensor(zeros, CPWL_F64, 1, two),
                      w2 = tensor(out, CPWL_F64, 2, row), b2 = tensor(shift, CPWL_F64, 1, one);
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    CHECK_OK(cpwl_network_builder_new(NULL, two, 1, &builder));
    CHECK_OK(cpwl_network_builder_dense(NULL, builder, -1, &w1, &b1, NULL));
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_RELU, NULL, NULL));
    CHECK_OK(cpwl_network_builder_dense(NULL, builder, -1, &w2, &b2, NULL));
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    cpwl_network_builder_free(builder);
    return net;
}

static cpwl_set *square(double u) {
    double corners[8];
    const cpwl_tensor points = tensor(corners, CPWL_F64, 2, corners_shape);
    const double given[] = {0, 0, 1, 0, 1, 1, 0, 1};
    cpwl_set *set = NULL;
    int i;
    for (i = 0; i < 8; i++) corners[i] = given[i] + (i % 2 ? 0 : u);
    CHECK_OK(cpwl_set_vertices(NULL, &points, NULL, &set));
    return set;
}

static cpwl_policed *policed_on(const cpwl_network *net, const cpwl_set *set) {
    cpwl_police_options o;
    cpwl_policed *policed = NULL;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = CPWL_POLICE_KAPPA;
    CHECK_OK(cpwl_police(NULL, net, &set, 1, &o, &policed));
    return policed;
}

static double at(const cpwl_policed *policed, double u, double v) {
    double point[2], value = 0;
    const cpwl_tensor x = tensor(point, CPWL_F64, 2, row);
    cpwl_tensor y = tensor(&value, CPWL_F64, 2, column);
    cpwl_network *net = NULL;
    point[0] = u, point[1] = v;
    CHECK_OK(cpwl_policed_network(NULL, policed, &net));
    CHECK_OK(cpwl_network_forward(NULL, net, &x, NULL, &y));
    cpwl_network_free(net);
    return value;
}

static void maps(const cpwl_network *net) {
    static const double slope[] = {1, 1}, offset[] = {-1}, e[] = {2}, wide[] = {1, 0, 0};
    static const int64_t three[] = {1, 3};
    const cpwl_tensor f = tensor(slope, CPWL_F64, 2, row), g = tensor(offset, CPWL_F64, 1, one),
                      twice = tensor(e, CPWL_F64, 2, column), misfit = tensor(wide, CPWL_F64, 2, three);
    cpwl_set *right = square(2), *left = square(0);
    cpwl_policed *policed = policed_on(net, right), *narrow = policed_on(net, left), *made = NULL;
    CHECK_NEAR(at(policed, 2.5, 0.5), 7.5, 0);
    /* u + v - 1 */
    CHECK_OK(cpwl_policed_set_affine(NULL, policed, 0, right, NULL, &f, &g, &made));
    CHECK_NEAR(at(made, 2, 0), 1, 1e-14);
    CHECK_NEAR(at(made, 3, 1), 3, 1e-14);
    CHECK_NEAR(at(made, 2, 1), 2, 1e-14);
    cpwl_policed_free(made);
    /* Twice the output is u + v - 1. */
    CHECK_OK(cpwl_policed_set_affine(NULL, policed, 0, right, &twice, &f, &g, &made));
    CHECK_NEAR(at(made, 3, 0), 1, 1e-14);
    cpwl_policed_free(made);
    made = NULL;
    CHECK_FAILS(cpwl_policed_set_affine(NULL, policed, 1, right, NULL, &f, &g, &made), CPWL_ARGUMENT,
                "[ARGUMENT] region is 1; expected 0 to 0");
    CHECK_FAILS(cpwl_policed_set_affine(NULL, policed, 0, right, NULL, &misfit, &g, &made), CPWL_SHAPE,
                "[SHAPE] matrix (F) has shape (1, 3); expected (1, 2)");
    CHECK_FAILS(cpwl_policed_set_affine(NULL, policed, 0, right, NULL, NULL, &g, &made), CPWL_ARGUMENT, "[NULL] matrix is NULL");
    CHECK_FAILS(cpwl_policed_set_affine(NULL, narrow, 0, left, NULL, &f, &g, &made), CPWL_SHAPE,
                "[RANK] the last hidden layer has rank 1 on the region *");
    CHECK(made == NULL);
    /* The difference to u + v + 1/2 is -3/2, everywhere. */
    CHECK_OK(cpwl_policed_skip(NULL, narrow, 0, &f, &g, &made));
    CHECK_NEAR(at(made, 0.5, 0.25), -0.25, 1e-15);
    CHECK_NEAR(at(made, 7, 1) - at(narrow, 7, 1), -1.5, 1e-14);
    cpwl_policed_free(made);
    made = NULL;
    CHECK_FAILS(cpwl_policed_skip(NULL, narrow, 0, &misfit, &g, &made), CPWL_SHAPE, "[SHAPE] matrix (F) *");
    cpwl_policed_free(narrow);
    cpwl_policed_free(policed);
    cpwl_set_free(left);
    cpwl_set_free(right);
}

static void inequalities(const cpwl_network *net) {
    static const double e[] = {1, -1}, g[] = {2, 0};
    static const int64_t both[] = {2, 1}, points_shape[] = {2, 2};
    double largest[2], slack[2], points[4];
    const cpwl_tensor outputs = tensor(e, CPWL_F64, 2, both), bound = tensor(g, CPWL_F64, 1, two),
                      tight = tensor(e, CPWL_F64, 1, two);
    cpwl_tensor l = tensor(largest, CPWL_F64, 1, two), s = tensor(slack, CPWL_F64, 1, two),
                p = tensor(points, CPWL_F64, 2, points_shape);
    cpwl_set *set = square(0);
    cpwl_policed *policed = policed_on(net, set), *made = NULL;
    /* From 1/2 to 5/2: not below 2, but above 0. */
    CHECK_OK(cpwl_policed_check(NULL, policed, 0, set, &outputs, &bound, &l, &s, &p));
    CHECK(largest[0] == 2.5 && largest[1] == -0.5 && slack[0] == -0.5 && slack[1] == 0.5);
    CHECK(points[0] == 1 && points[1] == 1 && points[2] == 0 && points[3] == 0);
    CHECK_OK(cpwl_policed_enforce(NULL, policed, 0, set, &outputs, &bound, &made));
    CHECK_NEAR(at(made, 1, 1), 2, 1e-14);
    CHECK_OK(cpwl_policed_check(NULL, made, 0, set, &outputs, &bound, &l, &s, NULL));
    CHECK(slack[0] >= 0 && slack[1] >= 0);
    cpwl_policed_free(made);
    made = NULL;
    /* Values that differ by 2 do not fit between 1 and 1. */
    CHECK_FAILS(cpwl_policed_enforce(NULL, policed, 0, set, &outputs, &tight, &made), CPWL_SHAPE,
                "[RANK] outputs (E) has rank 1 *");
    CHECK_FAILS(cpwl_policed_check(NULL, policed, -1, set, &outputs, &bound, &l, &s, NULL), CPWL_ARGUMENT,
                "[ARGUMENT] region is -1; expected 0 or more");
    CHECK(made == NULL);
    cpwl_policed_free(policed);
    cpwl_set_free(set);
}

void test_prescribe(void) {
    cpwl_network *net = biased();
    maps(net);
    inequalities(net);
    cpwl_network_free(net);
}
