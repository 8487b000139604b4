/* Effective rank and its family on matrices whose spectra are worked out by hand. The rows (0, 4), (3, 0), (0, 0) have the
 * singular values 4 and 3. */
#include "check.h"

static const int64_t three_by_two[] = {3, 2}, two_long[] = {2}, two_by_two[] = {2, 2};
static const double rows[] = {0, 4, 3, 0, 0, 0};

static double entropy2(double a, double b) {
    const double p = a / (a + b), q = b / (a + b);
    return -p * log(p) - q * log(q);
}

static cpwl_tensor matrix(const double *data, int64_t *shape, int64_t n, int64_t k) {
    shape[0] = n;
    shape[1] = k;
    return tensor(data, CPWL_F64, 2, shape);
}

static cpwl_spectrum_summary info_of(const cpwl_spectrum *s) {
    cpwl_spectrum_summary info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_spectrum_info(NULL, s, &info));
    return info;
}

static int64_t rows_of(const cpwl_moments *m) {
    cpwl_moments_summary info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_moments_info(NULL, m, &info));
    CHECK(info.n_columns == 2 && info.flat_size == 6 && info.exponent == 0);
    return info.n_rows;
}

static void expect_four_and_three(const cpwl_spectrum *s) {
    cpwl_tensor t;
    CHECK_OK(cpwl_spectrum_array(NULL, s, CPWL_SPECTRUM_SINGULAR_VALUES, &t));
    CHECK(t.dtype == CPWL_F64 && t.ndim == 1 && t.shape[0] == 2);
    CHECK_NEAR(((const double *)t.data)[0], 4, 1e-14);
    CHECK_NEAR(((const double *)t.data)[1], 3, 1e-14);
}

static void measures(void) {
    const cpwl_tensor z = tensor(rows, CPWL_F64, 2, three_by_two);
    cpwl_spectrum_options o;
    cpwl_spectrum_summary info;
    cpwl_spectrum *s = NULL;
    cpwl_tensor t;
    double value = -1;
    int exact;
    for (exact = 0; exact < 2; exact++) {
        memset(&o, 0, sizeof o);
        o.struct_size = sizeof o;
        o.flags = exact ? CPWL_SPECTRUM_EXACT : 0;
        CHECK_OK(cpwl_spectrum_new(NULL, &z, &o, &s));
        expect_four_and_three(s);
        info = info_of(s);
        CHECK(info.n_rows == 3 && info.n_columns == 2 && info.n_values == 2 && info.centered == 0);
        CHECK(info.numerical_rank_f32 == 2 && info.numerical_rank_f64 == 2);
        CHECK_NEAR(info.effective_rank, exp(entropy2(4, 3)), 1e-14);
        CHECK_NEAR(info.von_neumann, entropy2(16, 9), 1e-14);
        CHECK_NEAR(info.participation_ratio, 625.0 / 337.0, 1e-14);
        CHECK_NEAR(info.stable_rank, 25.0 / 16.0, 1e-14);
        CHECK_NEAR(info.nuclear_over_operator, 7.0 / 4.0, 1e-14);
        CHECK_NEAR(info.nuclear_norm, 7, 1e-13);
        CHECK_NEAR(info.frobenius_sq, 25, 1e-13);
        CHECK_NEAR(info.inverse_condition, 3.0 / 4.0, 1e-14);
        CHECK_NEAR(info.pseudo_condition, 4.0 / 3.0, 1e-14);
        CHECK_OK(cpwl_spectrum_array(NULL, s, CPWL_SPECTRUM_VARIANCE_RATIOS, &t));
        CHECK_NEAR(((const double *)t.data)[1], 9.0 / 25.0, 1e-14);
        CHECK_FAILS(cpwl_spectrum_array(NULL, s, 3, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 3; *");
        CHECK_OK(cpwl_spectrum_renyi(NULL, s, 2, 0, &value));
        CHECK_NEAR(value, log(625.0 / 337.0), 1e-14);
        CHECK_OK(cpwl_spectrum_renyi(NULL, s, 1, CPWL_ENTROPY_LN_PRODUCT, &value));
        CHECK_NEAR(value, entropy2(16, 9) / (log(3) * log(2)), 1e-14);
        CHECK_FAILS(cpwl_spectrum_renyi(NULL, s, -1, 0, &value), CPWL_ARGUMENT, "[ARGUMENT] order is -1; *");
        CHECK_FAILS(cpwl_spectrum_renyi(NULL, s, 1, 6, &value), CPWL_ARGUMENT, "[UNKNOWN_ENUM] scale is 6; *");
        cpwl_spectrum_free(s);
    }
    o.flags = 8;
    s = NULL;
    CHECK_FAILS(cpwl_spectrum_new(NULL, &z, &o, &s), CPWL_UNSUPPORTED, "[UNKNOWN_OPTION] flags is 0x8; *");
    /* Minus the mean (1, 4/3): the products are (6, -4; -4, 32/3), of eigenvalues (25 +- sqrt(193)) / 3. */
    o.flags = CPWL_SPECTRUM_CENTER;
    CHECK_OK(cpwl_spectrum_new(NULL, &z, &o, &s));
    info = info_of(s);
    CHECK(info.centered == 1);
    CHECK_NEAR(info.effective_rank, exp(entropy2(sqrt(25 + sqrt(193)), sqrt(25 - sqrt(193)))), 1e-13);
    cpwl_spectrum_free(s);
}

static void conventions(void) {
    const cpwl_tensor z = tensor(rows, CPWL_F64, 2, three_by_two);
    static const double values[] = {3, 4}, zeros[] = {0, 0, 0, 0, 0, 0}, wrong[] = {NAN, 0, 0, 0, 0, 0};
    const cpwl_tensor given = tensor(values, CPWL_F64, 1, two_long), zero = tensor(zeros, CPWL_F64, 2, three_by_two),
                      nonfinite = tensor(wrong, CPWL_F64, 2, three_by_two);
    const double p = 4.0 / 7 + 1e-7, q = 3.0 / 7 + 1e-7;
    cpwl_rank_options o;
    cpwl_spectrum *s = NULL;
    double value = -1;
    CHECK_OK(cpwl_rankme(NULL, &z, &value));
    CHECK_NEAR(value, exp(-p * log(p) - q * log(q)), 1e-14);
    CHECK_OK(cpwl_effective_rank(NULL, &z, NULL, &value));
    CHECK_NEAR(value, exp(entropy2(4, 3)), 1e-14);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.preset = CPWL_RANK_REPTRIX;
    o.center = CPWL_RANK_UNCENTERED;
    o.flags = CPWL_RANK_EPS;
    CHECK_OK(cpwl_effective_rank(NULL, &z, &o, &value));
    CHECK_NEAR(value, exp(entropy2(16, 9)), 1e-14);
    o.flags = CPWL_RANK_EPS | CPWL_RANK_NORMALIZE;
    CHECK_OK(cpwl_effective_rank(NULL, &z, &o, &value));
    CHECK_NEAR(value, entropy2(16, 9) / log(2), 1e-14);
    CHECK_OK(cpwl_spectrum_from_values(NULL, &given, 3, 2, 0, &s));
    expect_four_and_three(s);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.eps = 1;
    o.eps_mode = CPWL_RANK_EPS_BEFORE;
    CHECK_OK(cpwl_spectrum_effective_rank(NULL, s, &o, &value));
    CHECK_NEAR(value, exp(entropy2(5, 4)), 1e-14);
    o.base = 2;
    CHECK_OK(cpwl_spectrum_entropy(NULL, s, &o, &value));
    CHECK_NEAR(value, entropy2(5, 4) / log(2), 1e-14);
    value = -1;
    o.center = CPWL_RANK_CENTERED;
    CHECK_FAILS(cpwl_spectrum_entropy(NULL, s, &o, &value), CPWL_ARGUMENT, "[ARGUMENT] center: *");
    o.preset = 5;
    CHECK_FAILS(cpwl_spectrum_entropy(NULL, s, &o, &value), CPWL_ARGUMENT, "[UNKNOWN_ENUM] preset is 5; *");
    o.preset = 0;
    o.base = 1;
    CHECK_FAILS(cpwl_spectrum_entropy(NULL, s, &o, &value), CPWL_ARGUMENT, "[ARGUMENT] base is 1; *");
    cpwl_spectrum_free(s);
    s = NULL;
    CHECK_FAILS(cpwl_spectrum_from_values(NULL, &given, 3, 3, 0, &s), CPWL_SHAPE, "[SHAPE] 2 singular values *");
    CHECK_FAILS(cpwl_rankme(NULL, &zero, &value), CPWL_NUMERIC, "[NUMERIC] zero spectrum: *");
    CHECK_FAILS(cpwl_rankme(NULL, &nonfinite, &value), CPWL_NONFINITE, "[NONFINITE] z[0, 0] is *");
    CHECK_FAILS(cpwl_rankme(NULL, NULL, &value), CPWL_ARGUMENT, "[NULL] z is NULL");
    CHECK(value == -1 && s == NULL);
}

static cpwl_moments *moments_of(const double *data, int64_t n) {
    int64_t shape[2];
    const cpwl_tensor z = matrix(data, shape, n, 2);
    cpwl_moments *m = NULL;
    CHECK_OK(cpwl_moments_new(NULL, 2, &m));
    CHECK_OK(cpwl_moments_update(NULL, m, &z));
    CHECK(rows_of(m) == n);
    return m;
}

static void expect_rows(const cpwl_moments *m) {
    cpwl_spectrum *s = NULL;
    double mean[2], products[4], value;
    cpwl_tensor to_mean = tensor(mean, CPWL_F64, 1, two_long), to_products = tensor(products, CPWL_F64, 2, two_by_two);
    CHECK(rows_of(m) == 3);
    CHECK_OK(cpwl_moments_spectrum(NULL, m, 0, &s));
    expect_four_and_three(s);
    cpwl_spectrum_free(s);
    CHECK_OK(cpwl_moments_mean(NULL, m, &to_mean));
    CHECK_NEAR(mean[0], 1, 1e-14);
    CHECK_NEAR(mean[1], 4.0 / 3, 1e-14);
    CHECK_OK(cpwl_moments_products(NULL, m, 1, &to_products));
    CHECK_NEAR(products[0], 6, 1e-13);
    CHECK_NEAR(products[1], -4, 1e-13);
    CHECK_NEAR(products[2], -4, 1e-13);
    CHECK_NEAR(products[3], 32.0 / 3, 1e-13);
    CHECK_OK(cpwl_moments_participation_ratio(NULL, m, 0, &value));
    CHECK_NEAR(value, 625.0 / 337.0, 1e-13);
}

static void moments(void) {
    static const double more[] = {7, -5, 2, 1};
    int64_t shape[2];
    const cpwl_tensor extra = matrix(more, shape, 2, 2);
    cpwl_moments *m = moments_of(rows, 3), *first = moments_of(rows, 1), *rest = moments_of(rows + 2, 2), *read = NULL;
    cpwl_rank_estimate found;
    cpwl_bytes *bytes = NULL;
    cpwl_spectrum *s = NULL;
    const void *data = NULL;
    size_t size = 0;
    expect_rows(m);
    CHECK_OK(cpwl_moments_update(NULL, m, &extra));
    CHECK(rows_of(m) == 5);
    CHECK_OK(cpwl_moments_downdate(NULL, m, &extra));
    expect_rows(m);
    CHECK_OK(cpwl_moments_merge(NULL, rest, first));
    expect_rows(rest);
    CHECK_OK(cpwl_moments_subtract(NULL, rest, first));
    CHECK(rows_of(rest) == 2);
    CHECK_FAILS(cpwl_moments_subtract(NULL, first, m), CPWL_ARGUMENT, "[ARGUMENT] other has 3 rows; *");
    CHECK_FAILS(cpwl_moments_merge(NULL, m, m), CPWL_ARGUMENT, "[ARGUMENT] other is moments itself; *");
    CHECK_OK(cpwl_moments_to_bytes(NULL, m, &bytes));
    CHECK_OK(cpwl_bytes_get(NULL, bytes, &data, &size));
    CHECK(size == 80 && memcmp(data, "CPWLMOM1", 8) == 0);
    CHECK_OK(cpwl_moments_from_bytes(NULL, data, size, &read));
    expect_rows(read);
    cpwl_moments_free(read);
    CHECK_FAILS(cpwl_moments_from_bytes(NULL, data, size - 8, &read), CPWL_ARGUMENT, "[MALFORMED] bytes: *");
    cpwl_bytes_free(bytes);
    memset(&found, 0, sizeof found);
    found.struct_size = sizeof found;
    CHECK_OK(cpwl_moments_estimate_rank(NULL, m, NULL, &found));
    CHECK_NEAR(found.rank, exp(entropy2(4, 3)), found.error + 1e-12);
    CHECK(found.error < 1e-9 && found.deflated <= 2);
    CHECK_OK(cpwl_moments_clear(NULL, m));
    CHECK(rows_of(m) == 0);
    CHECK_FAILS(cpwl_moments_spectrum(NULL, m, 0, &s), CPWL_SHAPE, "[SHAPE] there are no rows yet; *");
    CHECK_FAILS(cpwl_moments_new(NULL, 0, &read), CPWL_SHAPE, "[SHAPE] n_columns is 0; *");
    cpwl_moments_free(m);
    cpwl_moments_free(first);
    cpwl_moments_free(rest);
}

/* What two processes do: states of one shift, their buffers summed. */
static void all_reduce(void) {
    static const double at[] = {0.5, 1};
    static const int64_t six[] = {6};
    const cpwl_tensor shift = tensor(at, CPWL_F64, 1, two_long);
    double buffers[2][6], total[6];
    cpwl_tensor sum = tensor(total, CPWL_F64, 1, six);
    cpwl_moments *m = NULL;
    int i, rank;
    for (rank = 0; rank < 2; rank++) {
        int64_t shape[2];
        const cpwl_tensor z = matrix(rows + 2 * rank, shape, rank + 1, 2);
        cpwl_tensor out = tensor(buffers[rank], CPWL_F64, 1, six);
        CHECK_OK(cpwl_moments_with_shift(NULL, &shift, 0, &m));
        CHECK_OK(cpwl_moments_update(NULL, m, &z));
        CHECK_OK(cpwl_moments_flat(NULL, m, &out));
        cpwl_moments_free(m);
    }
    for (i = 0; i < 6; i++) total[i] = buffers[0][i] + buffers[1][i];
    CHECK(total[0] == 3);
    CHECK_OK(cpwl_moments_from_flat(NULL, &shift, 0, &sum, &m));
    expect_rows(m);
    cpwl_moments_free(m);
    m = moments_of(rows, 3);
    CHECK_FAILS(cpwl_moments_flat(NULL, m, &sum), CPWL_ARGUMENT, "[ARGUMENT] this state chose its own shift, *");
    cpwl_moments_free(m);
}

static void queue(void) {
    static const double stream[] = {9, 9, 8, 8, 0, 4, 3, 0, 0, 0};
    cpwl_queue *q = NULL;
    cpwl_queue_summary info;
    cpwl_spectrum *s = NULL;
    cpwl_moments *m = NULL;
    int64_t shape[2];
    int i;
    CHECK_OK(cpwl_queue_new(NULL, 3, 2, CPWL_F64, &q));
    for (i = 0; i < 5; i++) {
        const cpwl_tensor row = matrix(stream + 2 * i, shape, 1, 2);
        CHECK_OK(cpwl_queue_push(NULL, q, &row));
    }
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_queue_info(NULL, q, &info));
    CHECK(info.n_rows == 3 && info.capacity == 3 && info.n_columns == 2);
    CHECK_OK(cpwl_queue_spectrum(NULL, q, 0, &s));
    expect_four_and_three(s);
    cpwl_spectrum_free(s);
    CHECK_OK(cpwl_queue_moments(NULL, q, &m));
    expect_rows(m);
    cpwl_moments_free(m);
    cpwl_queue_free(q);
    q = NULL;
    CHECK_FAILS(cpwl_queue_new(NULL, 3, 2, CPWL_I32, &q), CPWL_DTYPE, "[DTYPE] dtype is i32; *");
}

static void alpha(void) {
    double lambda[20], slope = 0;
    static const int64_t twenty[] = {20};
    const cpwl_tensor values = tensor(lambda, CPWL_F64, 1, twenty);
    cpwl_alpha_options o;
    cpwl_alpha_fit fit;
    int i;
    for (i = 0; i < 20; i++) lambda[i] = 3 / pow(i + 1, 1.5);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.start = 2;
    o.end = 12;
    memset(&fit, 0, sizeof fit);
    fit.struct_size = sizeof fit;
    CHECK_OK(cpwl_alpha_req(NULL, &values, &o, &fit));
    CHECK_NEAR(fit.alpha, 1.5, 1e-13);
    CHECK_NEAR(fit.intercept, log(3), 1e-13);
    CHECK_NEAR(fit.r2, 1, 1e-13);
    CHECK_NEAR(fit.r2_tail, 1, 1e-13);
    CHECK_OK(cpwl_alpha_robust(NULL, &values, 2, 12, &slope));
    CHECK_NEAR(slope, 1.5, 1e-13);
    CHECK_FAILS(cpwl_alpha_req(NULL, &values, NULL, &fit), CPWL_ARGUMENT, "[ARGUMENT] ranks 11 to 100 of 20 *");
    o.weighting = 3;
    CHECK_FAILS(cpwl_alpha_req(NULL, &values, &o, &fit), CPWL_ARGUMENT, "[UNKNOWN_ENUM] weighting is 3; *");
}

/* Four groups whose means lie at (+-2, 0) and (0, +-1), with views one step away along each axis: Sb = (2, 0; 0, 1/2) and
 * Sw = 1/2, so that the eigenvalues are 4 and 1; the unbiased denominators leave them so. */
static void lidar(void) {
    static const double means[4][2] = {{2, 0}, {-2, 0}, {0, 1}, {0, -1}}, steps[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
    double group[8], eigenvalues[2] = {0, 0};
    cpwl_tensor out = tensor(eigenvalues, CPWL_F64, 1, two_long);
    int64_t shape[2];
    cpwl_lidar *l = NULL, *other = NULL;
    cpwl_lidar_options o;
    cpwl_lidar_summary found;
    int i, j;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = CPWL_LIDAR_DELTA | CPWL_LIDAR_EPS;
    memset(&found, 0, sizeof found);
    found.struct_size = sizeof found;
    CHECK_OK(cpwl_lidar_new(NULL, 2, &l));
    CHECK_OK(cpwl_lidar_new(NULL, 2, &other));
    for (i = 0; i < 4; i++) {
        const cpwl_tensor z = matrix(group, shape, 4, 2);
        for (j = 0; j < 8; j++) group[j] = means[i][j % 2] + steps[j / 2][j % 2];
        CHECK_OK(cpwl_lidar_push(NULL, i < 3 ? l : other, &z));
    }
    CHECK_FAILS(cpwl_lidar_measure(NULL, other, &o, NULL, &found), CPWL_NUMERIC, "[NUMERIC] there are 1 groups; *");
    CHECK_FAILS(cpwl_lidar_merge(NULL, l, l), CPWL_ARGUMENT, "[ARGUMENT] other is lidar itself; *");
    CHECK_OK(cpwl_lidar_merge(NULL, l, other));
    CHECK_OK(cpwl_lidar_info(NULL, l, &found));
    CHECK(found.n_groups == 4 && found.n_views == 16 && found.n_columns == 2 && found.lidar == 0);
    for (o.denominators = 1; o.denominators < 3; o.denominators++) {
        CHECK_OK(cpwl_lidar_measure(NULL, l, &o, &out, &found));
        CHECK(found.n_groups == 4 && found.n_views == 16);
        CHECK_NEAR(found.entropy, entropy2(4, 1), 1e-13);
        CHECK_NEAR(found.lidar, exp(entropy2(4, 1)), 1e-13);
        CHECK_NEAR(eigenvalues[0], 4, 1e-13);
        CHECK_NEAR(eigenvalues[1], 1, 1e-13);
    }
    CHECK_OK(cpwl_lidar_measure(NULL, l, NULL, NULL, &found));
    CHECK_NEAR(found.lidar, exp(entropy2(4, 1)), 1e-6);
    o.denominators = 3;
    CHECK_FAILS(cpwl_lidar_measure(NULL, l, &o, NULL, &found), CPWL_ARGUMENT, "[UNKNOWN_ENUM] denominators is 3; *");
    cpwl_lidar_free(l);
    cpwl_lidar_free(other);
}

static void of_rows(void) {
    static const double corners[] = {1, 1, 1, -1, -1, 1, -1, -1}, line[] = {0, 0, 1, 0, 3, 0};
    static const double lonely[] = {1, 0, 0, 1, 0, 1}, path[] = {0, 0, 1, 0, 1, 1, 1, 0};
    int64_t shape[2];
    cpwl_tensor z = matrix(corners, shape, 4, 2);
    cpwl_two_nn_summary nn;
    double value = 0;
    CHECK_OK(cpwl_self_cluster(NULL, &z, &value));
    CHECK_NEAR(value, -1.0 / 3, 1e-14);
    z = matrix(lonely, shape, 3, 2);
    CHECK_OK(cpwl_coherence(NULL, &z, &value));
    CHECK_NEAR(value, 1.5, 1e-14);
    /* Ratios of distances 3/1, 2/1 and 3/2. */
    z = matrix(line, shape, 3, 2);
    memset(&nn, 0, sizeof nn);
    nn.struct_size = sizeof nn;
    CHECK_OK(cpwl_two_nn(NULL, &z, &nn));
    CHECK(nn.n_used == 3 && nn.n_dropped == 0);
    CHECK_NEAR(nn.likelihood, 3 / log(9), 1e-13);
    CHECK_NEAR(nn.fit, (log(1.5) * log(1.5) + log(2) * log(3)) / (log(1.5) * log(1.5) + log(2) * log(2)), 1e-13);
    CHECK_NEAR(nn.fit_base0, log(2) * log(1.5) / (log(1.5) * log(1.5) + log(2) * log(2)), 1e-13);
    /* A right angle, and a step back. */
    z = matrix(path, shape, 4, 2);
    CHECK_OK(cpwl_curvature(NULL, &z, CPWL_TURN_SIGNED, 0, &value));
    CHECK_NEAR(value, 3 * acos(0.0) / 2, 1e-14);
    CHECK_OK(cpwl_curvature(NULL, &z, 0, 1, &value));
    CHECK_NEAR(value, acos(0.0) / 2 / log(2), 1e-14);
    CHECK_FAILS(cpwl_curvature(NULL, &z, 3, 0, &value), CPWL_ARGUMENT, "[UNKNOWN_ENUM] turn is 3; *");
}

static void gradient(void) {
    const cpwl_tensor z = tensor(rows, CPWL_F64, 2, three_by_two);
    const double h = entropy2(4, 3), r = exp(h);
    double dz[6] = {9, 9, 9, 9, 9, 9}, value = 0;
    cpwl_tensor out = tensor(dz, CPWL_F64, 2, three_by_two), overlaps = z;
    cpwl_rank_gradient_options o;
    CHECK_OK(cpwl_rank_gradient(NULL, &z, NULL, &value, &out));
    CHECK_NEAR(value, r, 1e-14);
    CHECK_NEAR(dz[1], -r * (log(4.0 / 7) + h) / 7, 1e-14);
    CHECK_NEAR(dz[2], -r * (log(3.0 / 7) + h) / 7, 1e-14);
    CHECK_NEAR(fabs(dz[0]) + fabs(dz[3]) + fabs(dz[4]) + fabs(dz[5]), 0, 1e-14);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.target = CPWL_RANK_OF_ENTROPY;
    CHECK_OK(cpwl_rank_gradient(NULL, &z, &o, &value, NULL));
    CHECK_NEAR(value, h, 1e-14);
    o.tolerance = 1;
    CHECK_FAILS(cpwl_rank_gradient(NULL, &z, &o, &value, &out), CPWL_ARGUMENT, "[ARGUMENT] tolerance is 1; *");
    o.target = 3;
    CHECK_FAILS(cpwl_rank_gradient(NULL, &z, &o, &value, &out), CPWL_ARGUMENT, "[UNKNOWN_ENUM] target is 3; *");
    CHECK_FAILS(cpwl_rank_gradient(NULL, &z, NULL, &value, &overlaps), CPWL_ARGUMENT, "[OVERLAP] dz lies *");
}

static void expectations(void) {
    static const double values[] = {0.3, 0.1, 0.2}, ranks[] = {100, 99.5, 80};
    static const int64_t three[] = {3};
    const cpwl_tensor v = tensor(values, CPWL_F64, 1, three), r = tensor(ranks, CPWL_F64, 1, three);
    double f = 0, rank = 0;
    int64_t index = -1;
    CHECK_OK(cpwl_sample_size_law(NULL, 1, &f));
    CHECK_NEAR(f, 0.805041, 5e-7);
    CHECK_OK(cpwl_sample_size_law(NULL, 0.125, &f));
    CHECK_OK(cpwl_expected_rank(NULL, 4096, 512, &rank));
    CHECK(rank == 512 * f);
    CHECK_FAILS(cpwl_sample_size_law(NULL, 2, &f), CPWL_ARGUMENT, "[ARGUMENT] g is 2; *");
    CHECK_FAILS(cpwl_expected_rank(NULL, 0, 2, &f), CPWL_SHAPE, "[SHAPE] 0 rows *");
    CHECK_OK(cpwl_rank_select(NULL, &v, &r, 0.01, 0, &index));
    CHECK(index == 1);
    CHECK_OK(cpwl_rank_select(NULL, &v, &r, 0.01, CPWL_PREFER_MAX, &index));
    CHECK(index == 0);
    CHECK_FAILS(cpwl_rank_select(NULL, &v, &r, 1, 0, &index), CPWL_ARGUMENT, "[ARGUMENT] tolerance is 1; *");
}

void test_rank(void) {
    measures();
    conventions();
    moments();
    all_reduce();
    queue();
    alpha();
    lidar();
    of_rows();
    gradient();
    expectations();
    cpwl_spectrum_free(NULL);
    cpwl_moments_free(NULL);
    cpwl_queue_free(NULL);
    cpwl_lidar_free(NULL);
}
