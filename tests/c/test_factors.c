/* Errors by factor on eight images whose every number is worked out by hand. */
#include "check.h"

static const int64_t images_by_two[] = {8, 2}, eight[] = {8}, two_by_eight[] = {2, 8}, one[] = {1}, two[] = {2},
                     one_by_two[] = {1, 2}, twelve_by_one[] = {12, 1}, twelve[] = {12};
/* Factor 0 on images 0 to 3, factor 1 on images 3 and 7. */
static const uint8_t factors[] = {1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1};
static const int32_t labels[] = {0, 1, 2, 0, 1, 2, 0, 1};
/* Model 0 is wrong on images 0, 1, 4; model 1 on 3 and 7, with numbers that are no class. */
static const uint16_t predictions[] = {9, 9, 2, 0, 9, 2, 0, 1, 0, 1, 2, 65535, 1, 2, 0, 9};
static const int64_t groups[] = {0, 0, 0, 0, 1, 1, 1, -1};

static const void *array_of(const cpwl_factor_result *r, int32_t which, int32_t dtype, int64_t first) {
    cpwl_tensor t;
    CHECK_OK(cpwl_factor_result_array(NULL, r, which, &t));
    CHECK(t.dtype == dtype && t.ndim >= 1 && t.shape[0] == first);
    return t.data;
}

static const int64_t *counts_of(const cpwl_factor_result *r, int32_t which, int64_t first) {
    return (const int64_t *)array_of(r, which, CPWL_I64, first);
}

static const double *numbers_of(const cpwl_factor_result *r, int32_t which, int64_t first) {
    return (const double *)array_of(r, which, CPWL_F64, first);
}

static cpwl_factors *images(void) {
    const cpwl_tensor f = tensor(factors, CPWL_U8, 2, images_by_two), l = tensor(labels, CPWL_I32, 1, eight),
                      g = tensor(groups, CPWL_I64, 1, eight);
    cpwl_factors_options o;
    cpwl_factors_summary info;
    cpwl_factors *made = NULL;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.groups = &g;
    CHECK_OK(cpwl_factors_new(NULL, &f, &l, &o, &made));
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_factors_info(NULL, made, &info));
    CHECK(info.n_images == 8 && info.n_predictions == 8 && info.n_factors == 2 && info.n_groups == 2);
    return made;
}

static void counting(const cpwl_factors *made) {
    const cpwl_tensor p = tensor(predictions, CPWL_U16, 2, two_by_eight);
    const int64_t *c;
    cpwl_factor_count_options o;
    cpwl_factor_result *r = NULL;
    cpwl_tensor t;
    int form;
    for (form = 0; form < 3; form++) {
        memset(&o, 0, sizeof o);
        o.struct_size = sizeof o;
        o.form = form;
        o.worst_classes = 1;
        CHECK_OK(cpwl_factors_count(NULL, made, &p, &o, &r));
        c = counts_of(r, CPWL_FACTOR_TOTAL, 2);
        CHECK(c[0] == 4 && c[1] == 2);
        c = counts_of(r, CPWL_FACTOR_N_CORRECT, 2);
        CHECK(c[0] == 5 && c[1] == 6);
        c = counts_of(r, CPWL_FACTOR_CORRECT, 2);
        CHECK(c[0] == 2 && c[1] == 2 && c[2] == 3 && c[3] == 0);
        c = counts_of(r, CPWL_FACTOR_GROUP_N, 2);
        CHECK(c[0] == 4 && c[1] == 3);
        c = counts_of(r, CPWL_FACTOR_GROUP_CORRECT, 2);
        CHECK(c[0] == 2 && c[1] == 1 && c[2] == 0 && c[3] == 0 && c[4] == 3 && c[5] == 0);
        /* Class 1 is on images 1, 4 and 7: model 0 has one of them right, model 1 two of each of the classes 0 and 1. */
        CHECK_NEAR(numbers_of(r, CPWL_FACTOR_WORST_CLASSES, 2)[0], 1.0 / 3.0, 0);
        CHECK_NEAR(numbers_of(r, CPWL_FACTOR_WORST_CLASSES, 2)[1], 2.0 / 3.0, 0);
        CHECK_FAILS(cpwl_factor_result_array(NULL, r, CPWL_FACTOR_SLOPE, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is *");
        cpwl_factor_result_free(r);
        r = NULL;
    }
    o.form = 3;
    CHECK_FAILS(cpwl_factors_count(NULL, made, &p, &o, &r), CPWL_ARGUMENT, "[UNKNOWN_ENUM] form is 3; *");
}

static void figures(const cpwl_factors *made) {
    static const int64_t n[] = {8}, n_correct[] = {5}, total[] = {4, 2}, correct[] = {2, 2};
    const cpwl_tensor tn = tensor(n, CPWL_I64, 1, one), tc = tensor(n_correct, CPWL_I64, 1, one),
                      tt = tensor(total, CPWL_I64, 1, two), cc = tensor(correct, CPWL_I64, 2, one_by_two);
    const cpwl_tensor a = tensor(predictions, CPWL_U16, 1, eight), b = tensor(predictions + 8, CPWL_U16, 1, eight);
    static const double confidence[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const cpwl_tensor sure = tensor(confidence, CPWL_F64, 1, eight);
    const double *v;
    cpwl_bootstrap_options o;
    cpwl_factor_result *r = NULL;
    CHECK_OK(cpwl_factor_table(NULL, &tn, &tc, &tt, &cc, 0, &r));
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_AVERAGE, 1)[0], 0.625, 0);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_ERROR_RATIO, 1)[0], 4.0 / 3.0, 1e-15);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_ERROR_RATIO, 1)[1], 0, 0);
    /* e_f = 1/2, t = 1/2, e = 3/8: mean psi^2 = (1/2 + 16/9 15/64 - 8/3 1/4) / (9/64) = 16/9. */
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_STANDARD_ERROR, 1)[0], sqrt(16.0 / 9.0 / 8.0), 1e-15);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_PREVALENCE, 1)[0], 2.0 / 3.0, 1e-15);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_SHIFT, 1)[0], 0.5, 1e-15);
    CHECK(counts_of(r, CPWL_FACTOR_FLAGS, 1)[1] == (CPWL_FACTOR_FEW | CPWL_FACTOR_NO_ERROR_HERE));
    cpwl_factor_result_free(r);
    r = NULL;
    CHECK_FAILS(cpwl_factor_table(NULL, &tn, &tc, &tt, &cc, 1.5, &r), CPWL_ARGUMENT, "[ARGUMENT] level is 1.5; *");
    CHECK_OK(cpwl_factors_compare(NULL, made, &a, &b, &r));
    CHECK(counts_of(r, CPWL_FACTOR_ONLY_A_WRONG, 2)[0] == 2 && counts_of(r, CPWL_FACTOR_ONLY_B_WRONG, 2)[0] == 1);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_DELTA, 2)[0], 4.0 / 3.0 - 1, 1e-15);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_P, 2)[0], 1, 0);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_P, 2)[1], 0.5, 1e-14);
    cpwl_factor_result_free(r);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.replicates = 500;
    CHECK_OK(cpwl_factor_bootstrap(NULL, 8, 5, &tt, &cc, &o, &r));
    CHECK(numbers_of(r, CPWL_FACTOR_LOW, 2)[0] <= numbers_of(r, CPWL_FACTOR_HIGH, 2)[0]);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_HIGH, 2)[1], 0, 0);
    cpwl_factor_result_free(r);
    CHECK_OK(cpwl_factors_joint_bootstrap(NULL, made, &a, &o, &r));
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_HIGH, 2)[1], 0, 0);
    cpwl_factor_result_free(r);
    CHECK_OK(cpwl_factors_calibration(NULL, made, &a, &sure, 0, &r));
    v = numbers_of(r, CPWL_FACTOR_CALIBRATION, 2);
    CHECK_NEAR(v[0], 0.5, 0);
    CHECK_NEAR(v[1], 0, 0);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_CALIBRATION_ALL, 1)[0], 0.375, 0);
    cpwl_factor_result_free(r);
    CHECK_OK(cpwl_factors_describe(NULL, made, &r));
    CHECK(counts_of(r, CPWL_FACTOR_ACTIVE, 3)[0] == 3 && counts_of(r, CPWL_FACTOR_ACTIVE, 3)[2] == 1);
    /* Independent: one of the two images of factor 1 has factor 0, which half of all have. */
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_CORRELATION, 2)[1], 0, 0);
    cpwl_factor_result_free(r);
}

static void spilling(void) {
    static const double ratios[] = {1, 1.2, 1.4, 2, 2.2, 2.4, 3, 3.2, 3.4, 4, 4.2, 4.4},
                        strength[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3};
    static const int32_t population[] = {0, 0, 0, 1, 1, 1, -1, -1, -1, -1, -1, -1};
    const cpwl_tensor e = tensor(ratios, CPWL_F64, 2, twelve_by_one), s = tensor(strength, CPWL_F64, 1, twelve),
                      p = tensor(population, CPWL_I32, 1, twelve);
    cpwl_spillover_options o;
    cpwl_factor_result *r = NULL;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.more_than = 2;
    o.permutations = 99;
    CHECK_OK(cpwl_spillover(NULL, &e, &s, &o, &r));
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_AT_LOWEST, 1)[0], 0, 0);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_AT_HIGHEST, 1)[0], 3, 0);
    /* Both variances are 0.04: t = -3 / sqrt(2 0.04 / 3), 4 degrees of freedom. */
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_STATISTIC, 1)[0], -3 / sqrt(0.08 / 3), 1e-11);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_DOF, 1)[0], 4, 1e-12);
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_SLOPE, 1)[0], 1, 1e-14);
    cpwl_factor_result_free(r);
    CHECK_OK(cpwl_spillover_populations(NULL, &e, &p, &r));
    CHECK_NEAR(numbers_of(r, CPWL_FACTOR_DELTA, 1)[0], -1, 1e-14);
    cpwl_factor_result_free(r);
}

static void refusals(void) {
    static const uint8_t two_of_them[] = {0, 2};
    static const int64_t two_by_one[] = {2, 1}, none_by_one[] = {0, 1}, none[] = {0};
    const cpwl_tensor l = tensor(labels, CPWL_I32, 1, two), bad = tensor(two_of_them, CPWL_U8, 2, two_by_one),
                      empty = tensor(NULL, CPWL_U8, 2, none_by_one), no_labels = tensor(NULL, CPWL_I32, 1, none);
    cpwl_factors *made = NULL;
    CHECK_FAILS(cpwl_factors_new(NULL, &bad, &l, NULL, &made), CPWL_ARGUMENT,
                "[ARGUMENT] factors[1, 0] is 2; expected 0 or 1");
    CHECK_FAILS(cpwl_factors_new(NULL, &empty, &no_labels, NULL, &made), CPWL_SHAPE, "[SHAPE] factors has 0 images; *");
    CHECK_FAILS(cpwl_factors_new(NULL, &bad, NULL, NULL, &made), CPWL_ARGUMENT, "[ARGUMENT] expected labels, *");
    CHECK_FAILS(cpwl_factors_count(NULL, NULL, &l, NULL, NULL), CPWL_ARGUMENT, "[NULL] factors is NULL");
    CHECK(made == NULL);
    cpwl_factors_free(NULL);
    cpwl_factor_result_free(NULL);
}

void test_factors(void) {
    cpwl_factors *made = images();
    counting(made);
    figures(made);
    spilling();
    refusals();
    cpwl_factors_free(made);
}
