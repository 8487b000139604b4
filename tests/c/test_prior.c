/* Prototype losses, Sinkhorn and laws over clusters, by hand. */
#include "check.h"

static const int64_t two[] = {2}, square[] = {2, 2}, four[] = {4}, five[] = {5};

static void loss(void) {
    /* Anchors on the prototypes: assignments (p, q) and (q, p), p = 1 / (1 + e^-10). */
    static const double points[] = {1, 0, 0, 2}, skewed[] = {0.7, 0.4};
    double da[4], dc[4];
    const cpwl_tensor x = tensor(points, CPWL_F64, 2, square), law = tensor(skewed, CPWL_F64, 1, two);
    cpwl_tensor d_anchors = tensor(da, CPWL_F64, 2, square), d_prototypes = tensor(dc, CPWL_F64, 2, square), array;
    cpwl_prior_views v;
    cpwl_prior_options o;
    cpwl_prior_summary s;
    cpwl_prior_result *result = NULL;
    memset(&v, 0, sizeof v), memset(&o, 0, sizeof o), memset(&s, 0, sizeof s);
    v.struct_size = sizeof v, o.struct_size = sizeof o, s.struct_size = sizeof s;
    v.anchors = v.targets = v.prototypes = &x;
    CHECK_OK(cpwl_prior_loss(NULL, &v, NULL, &d_anchors, &d_prototypes, &result));
    CHECK_OK(cpwl_prior_result_info(NULL, result, &s));
    /* Targets are sharpened to e^-40. */
    CHECK_NEAR(s.cross_entropy, log1p(exp(-10)), 1e-15);
    CHECK_NEAR(s.divergence, 0, 1e-15);
    CHECK_NEAR(s.loss, s.cross_entropy + s.divergence, 0);
    /* A row and its gradient are at right angles. */
    CHECK_NEAR(da[0], 0, 1e-18);
    CHECK(fabs(da[1]) > 1e-5 && fabs(dc[1]) > 1e-5);
    CHECK_OK(cpwl_prior_result_array(NULL, result, CPWL_PRIOR_LOG_MEAN, &array));
    CHECK_NEAR(((const double *)array.data)[1], log(0.5), 1e-15);
    CHECK_OK(cpwl_prior_result_array(NULL, result, CPWL_PRIOR_TARGETS, &array));
    CHECK(array.ndim == 2 && array.shape[1] == 2);
    CHECK_NEAR(((const double *)array.data)[0], 1, 1e-15);
    cpwl_prior_result_free(result);
    result = NULL;
    v.prior = &law;
    CHECK_FAILS(cpwl_prior_loss(NULL, &v, &o, NULL, NULL, &result), CPWL_ARGUMENT,
                "[ARGUMENT] prior adds up to 1.1; expected 1");
    o.flags = CPWL_PRIOR_NORMALIZE;
    CHECK_OK(cpwl_prior_loss(NULL, &v, &o, NULL, NULL, &result));
    CHECK_OK(cpwl_prior_result_info(NULL, result, &s));
    CHECK_NEAR(s.divergence, 0.5 * log(0.5 * 1.1 / 0.7) + 0.5 * log(0.5 * 1.1 / 0.4), 1e-15);
    cpwl_prior_result_free(result);
    cpwl_prior_result_free(NULL);
    o.temperature = -1;
    CHECK_FAILS(cpwl_prior_loss(NULL, &v, &o, NULL, NULL, &result), CPWL_ARGUMENT,
                "[ARGUMENT] temperature is -1; expected a number above 0");
}

static void means(void) {
    static const double points[] = {1, 0, 0, 2};
    static const int64_t one_row[] = {1, 2}, states_shape[] = {2, 5};
    double states[10], log_mean[2];
    const cpwl_tensor all = tensor(points, CPWL_F64, 2, square), given = tensor(states, CPWL_F64, 2, states_shape);
    cpwl_tensor out = tensor(log_mean, CPWL_F64, 1, two);
    int i;
    for (i = 0; i < 2; i++) {
        const cpwl_tensor mine = tensor(points + 2 * i, CPWL_F64, 2, one_row);
        cpwl_tensor state = tensor(states + 5 * i, CPWL_F64, 1, five);
        CHECK_OK(cpwl_cluster_mean(NULL, &mine, &all, 0.1, 0, &state));
    }
    CHECK_OK(cpwl_cluster_log_mean(NULL, &given, &out));
    CHECK_NEAR(log_mean[0], log(0.5), 1e-15);
    CHECK_NEAR(log_mean[1], log(0.5), 1e-15);
}

static void plans(void) {
    static const double scores[] = {0, 0, 0, 3}, columns[] = {0.25, 0.75}, off[] = {0, 0};
    double plan[4];
    const cpwl_tensor z = tensor(scores, CPWL_F64, 2, square), b = tensor(columns, CPWL_F64, 1, two),
                      none = tensor(off, CPWL_F64, 1, two);
    cpwl_tensor out = tensor(plan, CPWL_F64, 2, square);
    cpwl_sinkhorn_options o;
    cpwl_sinkhorn_summary s;
    memset(&o, 0, sizeof o), memset(&s, 0, sizeof s);
    o.struct_size = sizeof o, s.struct_size = sizeof s;
    o.iterations = 1000, o.tolerance = 1e-14;
    CHECK_OK(cpwl_sinkhorn(NULL, &z, NULL, &b, &o, &out, &s));
    CHECK_NEAR(plan[0] + plan[2], 0.25, 1e-13);
    CHECK_NEAR(plan[0] + plan[1], 0.5, 1e-14);
    /* Sinkhorn leaves cross ratios alone. */
    CHECK_NEAR(log(plan[0] * plan[3] / (plan[1] * plan[2])), 3, 1e-12);
    CHECK(s.iterations < 1000 && s.column_error <= 1e-14 && s.row_error <= 1e-15);
    CHECK_FAILS(cpwl_sinkhorn(NULL, &z, &none, &b, &o, &out, NULL), CPWL_ARGUMENT,
                "[ARGUMENT] rows adds up to 0; expected 1");
    CHECK_FAILS(cpwl_sinkhorn(NULL, &z, NULL, NULL, NULL, NULL, NULL), CPWL_ARGUMENT, "[NULL] plan is NULL");
}

static void laws(void) {
    static const int64_t counts[] = {12, 6, 4, 3};
    double law[4], exponent = 0;
    const cpwl_tensor n = tensor(counts, CPWL_I64, 1, four);
    cpwl_tensor out = tensor(law, CPWL_F64, 1, four);
    cpwl_prior_family f;
    cpwl_diagnosis_options o;
    cpwl_diagnosis d;
    memset(&f, 0, sizeof f), memset(&o, 0, sizeof o), memset(&d, 0, sizeof d);
    f.struct_size = sizeof f, o.struct_size = sizeof o, d.struct_size = sizeof d;
    f.kind = CPWL_PRIOR_POWER_LAW, f.exponent = 1;
    CHECK_OK(cpwl_prior_make(NULL, &f, &out));
    CHECK_NEAR(law[0], 12 / 25.0, 1e-15);
    CHECK_NEAR(law[3], 3 / 25.0, 1e-15);
    f.kind = 9;
    CHECK_FAILS(cpwl_prior_make(NULL, &f, &out), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] kind is 9; expected 1 (CPWL_PRIOR_UNIFORM) to 7 (CPWL_PRIOR_DIRICHLET)");
    /* 12, 6, 4, 3 are 12 / i. */
    CHECK_OK(cpwl_prior_fit(NULL, &n, &exponent));
    CHECK_NEAR(exponent, 1, 1e-12);
    CHECK_OK(cpwl_prior_diagnose(NULL, &n, NULL, &d));
    CHECK_NEAR(d.exponent, 1, 1e-12);
    CHECK_NEAR(d.kl_power_law, 0, 1e-15);
    CHECK_NEAR(d.head, 12 / 25.0, 1e-15);
    CHECK(d.k == 4 && d.used == 4 && d.n == 25 && d.null_p != d.null_p);
    o.null = 500, o.bootstrap = 100;
    CHECK_OK(cpwl_prior_diagnose(NULL, &n, &o, &d));
    CHECK(d.null_p > 0 && d.null_p < 1 && d.exponent_low < 1 && d.exponent_high > 1);
    o.null = -1;
    CHECK_FAILS(cpwl_prior_diagnose(NULL, &n, &o, &d), CPWL_ARGUMENT, "[ARGUMENT] -1 and 100 replicates; expected 0 or more");
}

void test_prior(void) {
    loss();
    means();
    plans();
    laws();
}
