/* Independence: values in closed form, gradients by central differences, errors. */
#include "check.h"

static cpwl_variable variable(cpwl_factor *factor, const cpwl_tensor *data, const cpwl_kernel *kernel) {
    cpwl_variable v;
    memset(&v, 0, sizeof v);
    factor->data = data;
    factor->kernel = kernel;
    v.factors = factor;
    v.n_factors = 1;
    return v;
}

static cpwl_kernel kernel(int32_t kind, double gamma) {
    cpwl_kernel k;
    memset(&k, 0, sizeof k);
    k.struct_size = sizeof k;
    k.kind = kind;
    k.gamma = gamma;
    return k;
}

/* Linear kernels of one column each: HSIC over n^2 is the squared covariance (ddof 0), CKA the squared correlation. */
static void values(void) {
    static const double x[] = {1, 2, 4, 5}, y[] = {0, 1, 1, 4};
    static const int64_t shape[] = {4, 1}, square[] = {2, 2}, pairs[] = {4, 2};
    double both[8], matrix[4], mean = 0, sigma = 0;
    static const double gammas = 0.5;
    const cpwl_tensor tx = tensor(x, CPWL_F64, 2, shape), ty = tensor(y, CPWL_F64, 2, shape),
                      tf = tensor(both, CPWL_F64, 2, pairs), one = tensor(&gammas, CPWL_F64, 1, shape + 1);
    cpwl_tensor out = tensor(matrix, CPWL_F64, 2, square);
    const cpwl_kernel linear = kernel(CPWL_KERNEL_LINEAR, 0), rbf = kernel(CPWL_KERNEL_RBF, 0.5);
    cpwl_factor fx, fy;
    const cpwl_variable vx = variable(&fx, &tx, &linear), vy = variable(&fy, &ty, &linear);
    cpwl_variable two[2];
    cpwl_hsic_summary s;
    int64_t rows = 0;
    int i;
    /* Means 3 and 1.5, deviations -2 -1 1 2 and -1.5 -0.5 -0.5 2.5. */
    const double covariance = (3 + 0.5 - 0.5 + 5) / 4, vxx = 10.0 / 4, vyy = 9.0 / 4;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    CHECK_OK(cpwl_hsic(NULL, &vx, &vy, 0, &s));
    CHECK(s.n == 4);
    CHECK_NEAR(s.biased[0], covariance * covariance, 1e-14);
    CHECK_NEAR(s.biased[1], vxx * vxx, 1e-14);
    CHECK_NEAR(s.cka, covariance * covariance / (vxx * vyy), 1e-14);
    two[0] = vx, two[1] = vy;
    CHECK_OK(cpwl_dhsic(NULL, two, 2, &mean, NULL));
    CHECK_NEAR(mean, covariance * covariance, 1e-13);
    for (i = 0; i < 4; i++) both[2 * i] = x[i], both[2 * i + 1] = y[i];
    CHECK_OK(cpwl_pairwise_hsic(NULL, &tf, CPWL_KERNEL_LINEAR, NULL, 0, &out));
    CHECK_NEAR(matrix[1], covariance * covariance, 1e-14);
    CHECK_NEAR(matrix[3], vyy * vyy, 1e-14);
    /* The mean over the two ordered pairs is the entry off the diagonal. */
    CHECK_OK(cpwl_pairwise_hsic(NULL, &tf, CPWL_KERNEL_RBF, &one, 0, &out));
    CHECK_OK(cpwl_pairwise_mean(NULL, &tf, CPWL_KERNEL_RBF, &one, 0, &mean, NULL));
    CHECK_NEAR(mean, matrix[1], 1e-15);
    fx.kernel = fy.kernel = &rbf;
    CHECK_OK(cpwl_hsic(NULL, &vx, &vy, CPWL_CKA_DEBIASED, &s));
    CHECK_NEAR(s.biased[0], matrix[1], 1e-15);
    /* Distances of x: 1 3 4 2 3 1; their median 2.5. */
    CHECK_OK(cpwl_hsic_bandwidth(NULL, &tx, CPWL_BANDWIDTH_DISTANCE, 0, 0, &sigma, &rows));
    CHECK_NEAR(sigma, 2.5, 1e-15);
    CHECK(rows == 4);
    CHECK_FAILS(cpwl_hsic_bandwidth(NULL, &tx, 9, 0, 0, &sigma, NULL), CPWL_ARGUMENT, "[UNKNOWN_ENUM] bandwidth is 9*");
}

static void gradients(void) {
    static const int64_t shape[] = {5, 2};
    static double x[] = {0, 1, 0.5, -1, 2, 0.25, 1, 1, -1, 0.5};
    static const double y[] = {1, 0, 0, 2, -1, 1, 0.5, 0.5, 2, 1};
    double dx[10], dy[10], gamma[2], value = 0, there = 0, here = 0, unused[10];
    const cpwl_tensor tx = tensor(x, CPWL_F64, 2, shape), ty = tensor(y, CPWL_F64, 2, shape);
    cpwl_tensor gx = tensor(dx, CPWL_F64, 2, shape), gy = tensor(dy, CPWL_F64, 2, shape),
                no = tensor(unused, CPWL_F64, 2, shape);
    const cpwl_kernel k = kernel(CPWL_KERNEL_RBF, 0.5), l = kernel(CPWL_KERNEL_EXP_L2, 0.7);
    cpwl_factor fx, fy;
    const cpwl_variable vx = variable(&fx, &tx, &k), vy = variable(&fy, &ty, &l);
    int e;
    CHECK_OK(cpwl_hsic_gradient(NULL, &vx, &vy, CPWL_CKA_DEBIASED, &value, &gx, &gy, gamma, NULL));
    for (e = 0; e < 10; e++) {
        const double was = x[e], h = 1e-6;
        x[e] = was + h;
        CHECK_OK(cpwl_hsic_gradient(NULL, &vx, &vy, CPWL_CKA_DEBIASED, &there, &no, NULL, NULL, NULL));
        x[e] = was - h;
        CHECK_OK(cpwl_hsic_gradient(NULL, &vx, &vy, CPWL_CKA_DEBIASED, &here, &no, NULL, NULL, NULL));
        x[e] = was;
        CHECK_NEAR(dx[e], (there - here) / (2 * h), 1e-7);
    }
    CHECK(isfinite(gamma[0]) && isfinite(gamma[1]));
    CHECK_FAILS(cpwl_hsic_gradient(NULL, &vx, &vy, 6, &value, &gx, NULL, NULL, NULL), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] objective is 6; expected 0 to 5 (CPWL_CKA_DEBIASED)");
    gx.shape = shape + 1;
    gx.ndim = 1;
    CHECK_FAILS(cpwl_hsic_gradient(NULL, &vx, &vy, 0, &value, &gx, NULL, NULL, NULL), CPWL_SHAPE, "[RANK] dx has 1 axes*");
}

/* Permutations of 4 rows, all 24: p is the number that reach the statistic, and one, over 25. */
static void tests(void) {
    static const double x[] = {1, 2, 4, 8};
    static const int64_t shape[] = {4, 1}, orders[] = {24, 4}, count[] = {24};
    int64_t given[96];
    double permuted[24];
    const cpwl_tensor tx = tensor(x, CPWL_F64, 2, shape), all = tensor(given, CPWL_I64, 2, orders);
    cpwl_tensor out = tensor(permuted, CPWL_F64, 1, count);
    const cpwl_kernel k = kernel(CPWL_KERNEL_LINEAR, 0);
    cpwl_factor fx, fy;
    cpwl_variable two[2];
    cpwl_hsic_test_options o;
    cpwl_hsic_test_summary s;
    int a, b, c, n = 0, reached = 0;
    for (a = 0; a < 4; a++)
        for (b = 0; b < 4; b++)
            for (c = 0; c < 4; c++) {
                if (a == b || b == c || a == c) continue;
                given[4 * n] = a, given[4 * n + 1] = b, given[4 * n + 2] = c, given[4 * n + 3] = 6 - a - b - c;
                n++;
            }
    CHECK(n == 24);
    memset(&o, 0, sizeof o);
    memset(&s, 0, sizeof s);
    o.struct_size = sizeof o;
    s.struct_size = sizeof s;
    o.given = &all;
    two[0] = variable(&fx, &tx, &k), two[1] = variable(&fy, &tx, &k);
    CHECK_OK(cpwl_hsic_test(NULL, two, 2, &o, &s, &out));
    for (n = 0; n < 24; n++) reached += permuted[n] >= s.statistic * (1 - 1e-12);
    CHECK_NEAR(s.p, (1.0 + reached) / 25, 1e-15);
    CHECK(s.permutations == 24 && reached >= 1);
    o.method = CPWL_TEST_GAMMA;
    CHECK_FAILS(cpwl_hsic_test(NULL, two, 2, &o, &s, NULL), CPWL_UNSUPPORTED, "[UNSUPPORTED] Linear*");
    given[0] = 1;
    o.method = 0;
    CHECK_FAILS(cpwl_hsic_test(NULL, two, 2, &o, &s, NULL), CPWL_ARGUMENT, "[ARGUMENT] permutations[0]: *");
}

/* A batch whose covariance is known: columns (1, -1, 1, -1) and (2, 2, -2, -2) are uncorrelated, of variance 4/3 and 16/3. */
static void losses(void) {
    static const double z[] = {1, 2, -1, 2, 1, -2, -1, -2}, w[] = {1, 1, -1, -1, 2, 2, -2, -2};
    static const int64_t shape[] = {4, 2};
    double g[8];
    const cpwl_tensor t = tensor(z, CPWL_F64, 2, shape), u = tensor(w, CPWL_F64, 2, shape);
    cpwl_tensor out = tensor(g, CPWL_F64, 2, shape);
    cpwl_loss_summary s;
    cpwl_vcreg_options o;
    int e;
    memset(&s, 0, sizeof s);
    memset(&o, 0, sizeof o);
    s.struct_size = sizeof s;
    o.struct_size = sizeof o;
    o.gamma = 3;
    CHECK_OK(cpwl_vcreg(NULL, &t, &o, &s, &out));
    CHECK_NEAR(s.terms[0], 6 - sqrt(4.0 / 3) - sqrt(16.0 / 3), 1e-14);
    CHECK_NEAR(s.terms[1], 0, 1e-14);
    for (e = 0; e < 8; e++) CHECK_NEAR(g[e], -z[e] / (3 * sqrt(e % 2 ? 16.0 / 3 : 4.0 / 3)), 1e-14);
    /* Columns x and x of variance 10/3: the covariance term is 2 (10/3)^2. */
    CHECK_OK(cpwl_vcreg(NULL, &u, NULL, &s, NULL));
    CHECK_NEAR(s.terms[1], 2 * (10.0 / 3) * (10.0 / 3), 1e-13);
    CHECK_OK(cpwl_vicreg(NULL, &u, &u, NULL, &s, NULL, NULL));
    CHECK_NEAR(s.terms[0], 0, 0);
    CHECK_NEAR(s.terms[2], 2 * (10.0 / 3) * (10.0 / 3), 1e-13);
    CHECK_OK(cpwl_barlow(NULL, &t, &t, NULL, &s, NULL, NULL, NULL));
    CHECK_NEAR(s.value, 0, 1e-15);
    CHECK_FAILS(cpwl_wmse(NULL, &u, &u, 0, &s, NULL, NULL), CPWL_NUMERIC, "[NUMERIC] z1: its covariance is singular*");
    CHECK_OK(cpwl_wmse(NULL, &t, &t, 0, &s, NULL, NULL));
    CHECK_NEAR(s.value, 0, 1e-15);
}

static void layers(void) {
    static const double x[] = {1, 2, 4, 8, 3, 0}, y[] = {0, 1, 5, 2, 2, 7};
    static const int64_t shape[] = {6, 1}, out_shape[] = {2, 1};
    double found[2];
    const cpwl_tensor tx = tensor(x, CPWL_F64, 2, shape), ty = tensor(y, CPWL_F64, 2, shape);
    cpwl_tensor out = tensor(found, CPWL_F64, 2, out_shape);
    const cpwl_kernel k = kernel(CPWL_KERNEL_LINEAR, 0);
    cpwl_factor fx, fy;
    cpwl_variable two[2];
    cpwl_hsic_summary s;
    cpwl_layer_cka *state = NULL;
    two[0] = variable(&fx, &tx, &k), two[1] = variable(&fy, &ty, &k);
    CHECK_OK(cpwl_layer_cka_new(NULL, 2, 1, &state));
    CHECK_FAILS(cpwl_layer_cka_get(NULL, state, &out), CPWL_SHAPE, "[TOO_FEW] there are no batches yet");
    CHECK_OK(cpwl_layer_cka_push(NULL, state, two, 2, two, 1));
    CHECK(cpwl_layer_cka_batches(state) == 1);
    CHECK_OK(cpwl_layer_cka_get(NULL, state, &out));
    CHECK_NEAR(found[0], 1, 1e-13);
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    CHECK_OK(cpwl_hsic(NULL, &two[1], &two[0], 0, &s));
    CHECK_NEAR(found[1], s.cka_debiased, 1e-12);
    cpwl_layer_cka_free(state);
    cpwl_layer_cka_free(NULL);
}

/* All rows as landmarks are exact; blocks are means; the same seed is the same features; pairs are tested as each pair is. */
static void approximations(void) {
    static const double x[] = {1, 2, 4, 8, 3, 0, 5, 7}, y[] = {0, 1, 5, 2, 2, 7, 1, 4};
    static const int64_t all[] = {0, 1, 2, 3, 4, 5, 6, 7}, shape[] = {8, 1}, eight[] = {8}, w_shape[] = {1, 8},
                         half[] = {4, 1}, pairs[] = {8, 2}, two_by_two[] = {2, 2}, two[] = {2};
    static const double gammas[] = {0.1, 0.1};
    double w[8], b[8], again[8], batches[2], both[16], p[4];
    const cpwl_tensor tx = tensor(x, CPWL_F64, 2, shape), ty = tensor(y, CPWL_F64, 2, shape),
                      rows = tensor(all, CPWL_I64, 1, eight), tg = tensor(gammas, CPWL_F64, 1, two),
                      tf = tensor(both, CPWL_F64, 2, pairs);
    cpwl_tensor tw = tensor(w, CPWL_F64, 2, w_shape), tb = tensor(b, CPWL_F64, 1, eight),
                other = tensor(again, CPWL_F64, 2, w_shape), out = tensor(batches, CPWL_F64, 1, two),
                tp = tensor(p, CPWL_F64, 2, two_by_two);
    const cpwl_kernel k = kernel(CPWL_KERNEL_RBF, 0.1);
    cpwl_factor fx, fy;
    cpwl_variable v[2];
    cpwl_hsic_summary exact, s;
    cpwl_hsic_blocks_summary blocks;
    cpwl_hsic_test_options o;
    cpwl_hsic_test_summary one;
    int i;
    memset(&exact, 0, sizeof exact);
    memset(&blocks, 0, sizeof blocks);
    memset(&o, 0, sizeof o);
    memset(&one, 0, sizeof one);
    exact.struct_size = sizeof exact;
    s = exact;
    blocks.struct_size = sizeof blocks;
    o.struct_size = sizeof o;
    one.struct_size = sizeof one;
    v[0] = variable(&fx, &tx, &k), v[1] = variable(&fy, &ty, &k);
    CHECK_OK(cpwl_hsic(NULL, &v[0], &v[1], 0, &exact));
    CHECK_OK(cpwl_hsic_nystrom(NULL, &v[0], &rows, &v[1], &rows, 0, &s));
    CHECK_NEAR(s.biased[0], exact.biased[0], 1e-8);
    CHECK_OK(cpwl_random_features(NULL, CPWL_KERNEL_RBF, 0.1, 5, &tw, &tb));
    CHECK_OK(cpwl_random_features(NULL, CPWL_KERNEL_RBF, 0.1, 5, &other, &tb));
    CHECK(memcmp(w, again, sizeof w) == 0);
    CHECK_OK(cpwl_hsic_random_features(NULL, &tx, &tw, &tb, &ty, &tw, &tb, &s));
    CHECK(s.biased[0] > 0 && s.error > 0);
    CHECK_FAILS(cpwl_random_features(NULL, CPWL_KERNEL_POLY, 1, 0, &tw, &tb), CPWL_UNSUPPORTED, "[UNSUPPORTED] kind is 5*");
    CHECK_OK(cpwl_hsic_blocks(NULL, &v[0], &v[1], 4, &blocks, &out));
    CHECK(blocks.blocks == 2 && blocks.dropped == 0);
    CHECK_NEAR(blocks.hsic, (batches[0] + batches[1]) / 2, 1e-16);
    {
        const cpwl_tensor hx = tensor(x, CPWL_F64, 2, half), hy = tensor(y, CPWL_F64, 2, half);
        v[0].factors = variable(&fx, &hx, &k).factors, v[1].factors = variable(&fy, &hy, &k).factors;
        CHECK_OK(cpwl_hsic(NULL, &v[0], &v[1], 0, &s));
        CHECK_NEAR(batches[0], s.unbiased[0], 1e-15);
        fx.data = &tx, fy.data = &ty;
    }
    for (i = 0; i < 8; i++) both[2 * i] = x[i], both[2 * i + 1] = y[i];
    CHECK_OK(cpwl_pairwise_test(NULL, &tf, CPWL_KERNEL_RBF, &tg, 49, 3, &tp));
    o.permutations = 49;
    o.seed = 3;
    CHECK_OK(cpwl_hsic_test(NULL, v, 2, &o, &one, NULL));
    CHECK_NEAR(p[1], one.p, 0);
    CHECK(p[0] == 1 && p[3] == 1 && p[2] == p[1]);
}

/* Two signals that are mixed by hand; sources are the rows less the mean, unmixed. */
static void components(void) {
    static double x[2 * 400], sources[2 * 400];
    static const int64_t shape[] = {400, 2}, square[] = {2, 2};
    double unmixing[4], mean[2] = {0, 0};
    const cpwl_tensor tx = tensor(x, CPWL_F64, 2, shape);
    cpwl_tensor out = tensor(sources, CPWL_F64, 2, shape), u = tensor(unmixing, CPWL_F64, 2, square);
    cpwl_ica_options o;
    cpwl_ica_summary s;
    int i;
    memset(&o, 0, sizeof o);
    memset(&s, 0, sizeof s);
    o.struct_size = sizeof o;
    s.struct_size = sizeof s;
    o.restarts = 3;
    o.steps = 100;
    for (i = 0; i < 400; i++) {
        const double a = i % 37 - 18, b = i * 7 % 31 < 15 ? 10 : -10;
        x[2 * i] = a + b, x[2 * i + 1] = a - 2 * b;
        mean[0] += x[2 * i] / 400, mean[1] += x[2 * i + 1] / 400;
    }
    CHECK_OK(cpwl_ica(NULL, &tx, &o, &s, &out, &u, NULL));
    CHECK_NEAR(sources[1], (x[0] - mean[0]) * unmixing[1] + (x[1] - mean[1]) * unmixing[3], 1e-10);
    CHECK(s.best >= 0 && s.best < 3 && s.objective >= 0);
    o.rate = -1;
    CHECK_FAILS(cpwl_ica(NULL, &tx, &o, &s, &out, NULL, NULL), CPWL_ARGUMENT, "[ARGUMENT] restarts 3, steps 100*");
}

static void errors(void) {
    static const double x[] = {1, 2, NAN}, same[] = {3, 3, 3};
    static const int64_t shape[] = {3, 1}, two_rows[] = {2, 1};
    const cpwl_tensor bad = tensor(x, CPWL_F64, 2, shape), good = tensor(x, CPWL_F64, 2, two_rows),
                      flat = tensor(same, CPWL_F64, 2, shape);
    cpwl_kernel k = kernel(CPWL_KERNEL_RBF, 0.5);
    cpwl_factor fx, fy;
    cpwl_variable a, b;
    cpwl_hsic_summary s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    a = variable(&fx, &bad, &k), b = variable(&fy, &bad, &k);
    CHECK_FAILS(cpwl_hsic(NULL, &a, &b, 0, &s), CPWL_NONFINITE, "[NONFINITE] x[2, 0] is NaN*");
    a = variable(&fx, &good, &k), b = variable(&fy, &good, &k);
    CHECK_FAILS(cpwl_hsic(NULL, &a, &b, CPWL_HSIC_UNBIASED, &s), CPWL_SHAPE, "[TOO_FEW] unbiased HSIC*");
    CHECK_OK(cpwl_hsic(NULL, &a, &b, 0, &s));
    CHECK(isnan(s.unbiased[0]) && isnan(s.cka_debiased));
    a = variable(&fx, &flat, &k), b = variable(&fy, &flat, &k);
    CHECK_FAILS(cpwl_hsic(NULL, &a, &b, CPWL_CKA_BIASED, &s), CPWL_NUMERIC, "[UNDEFINED] CKA: *");
    fx.kernel = NULL;
    CHECK_FAILS(cpwl_hsic(NULL, &a, &b, 0, &s), CPWL_NUMERIC, "[ZERO_MEDIAN] x: *");
    k.gamma = -1;
    fx.kernel = &k;
    CHECK_FAILS(cpwl_hsic(NULL, &a, &b, 0, &s), CPWL_ARGUMENT, "[ARGUMENT] x: gamma of the kernel is -1*");
    a.n_factors = 0;
    CHECK_FAILS(cpwl_hsic(NULL, &a, &b, 0, &s), CPWL_ARGUMENT, "[ARGUMENT] x has no factors*");
    CHECK_FAILS(cpwl_hsic(NULL, NULL, &b, 0, &s), CPWL_ARGUMENT, "[NULL] x is NULL");
    CHECK_FAILS(cpwl_hsic(NULL, &b, &b, 0, NULL), CPWL_ARGUMENT, "[NULL] out is NULL");
}

void test_hsic(void) {
    values();
    gradients();
    tests();
    losses();
    layers();
    approximations();
    components();
    errors();
}
