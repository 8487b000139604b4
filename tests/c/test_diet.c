/* The datum-index loss by hand: two rows, three classes. */
#include "check.h"

static const int64_t two[] = {2}, f_shape[] = {2, 2}, w_shape[] = {3, 2}, partial[] = {2, 6},
                     partials[] = {2, 2, 6}, first_rows[] = {2, 2}, last_rows[] = {1, 2};
/* Scores: (0, ln 2, ln 3) and (0, 0, 0). */
static const double features[] = {1, 0, 0, 0};
static const int64_t labels[] = {2, 0};

static cpwl_diet_problem problem(const cpwl_tensor *f, const cpwl_tensor *w, const cpwl_tensor *y) {
    cpwl_diet_problem p;
    memset(&p, 0, sizeof p);
    p.struct_size = sizeof p;
    p.features = f, p.head = w, p.labels = y;
    return p;
}

static cpwl_diet_options plain(double smoothing) {
    cpwl_diet_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.smoothing = smoothing;
    o.flags = CPWL_DIET_SMOOTHING;
    return o;
}

static cpwl_diet_summary summary_of(const cpwl_diet_result *result) {
    cpwl_diet_summary s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    CHECK_OK(cpwl_diet_result_info(NULL, result, &s));
    return s;
}

static void losses(const double *head) {
    double df[4], dw[6];
    const cpwl_tensor f = tensor(features, CPWL_F64, 2, f_shape), w = tensor(head, CPWL_F64, 2, w_shape),
                      y = tensor(labels, CPWL_I64, 1, two);
    cpwl_tensor d_features = tensor(df, CPWL_F64, 2, f_shape), d_head = tensor(dw, CPWL_F64, 2, w_shape), array;
    const cpwl_diet_problem p = problem(&f, &w, &y);
    cpwl_diet_options o = plain(0);
    cpwl_diet_result *result = NULL;
    cpwl_diet_summary s;
    /* ln 6 - ln 3 = ln 2 and ln 3. */
    CHECK_OK(cpwl_diet_loss(NULL, &p, &o, &d_features, &d_head, NULL, &result));
    s = summary_of(result);
    CHECK_NEAR(s.loss, 0.5 * log(6), 1e-15);
    CHECK_NEAR(s.excess, 0.5 * log(6), 1e-15);
    CHECK(s.n_valid == 2 && s.n_correct == 2 && s.n_nonfinite == 0);
    /* P - t = (1, 2, -3) / 6 and (-2, 1, 1) / 3, over 2. */
    CHECK_NEAR(dw[0], 1 / 12.0, 1e-15);
    CHECK_NEAR(dw[2], 2 / 12.0, 1e-15);
    CHECK_NEAR(dw[4], -3 / 12.0, 1e-15);
    CHECK_NEAR(dw[5], 0, 0);
    CHECK_NEAR(df[0], (2 * log(2) - 3 * log(3)) / 12, 1e-15);
    CHECK_OK(cpwl_diet_result_array(NULL, result, CPWL_DIET_ROW_LOSS, &array));
    CHECK(array.ndim == 1 && array.shape[0] == 2 && array.dtype == CPWL_F64);
    CHECK_NEAR(((const double *)array.data)[0], log(2), 1e-15);
    CHECK_OK(cpwl_diet_result_array(NULL, result, CPWL_DIET_BEST, &array));
    CHECK(((const int64_t *)array.data)[0] == 2);
    CHECK_FAILS(cpwl_diet_result_array(NULL, result, CPWL_DIET_ENTROPIES, &array), CPWL_ARGUMENT,
                "[NOT_STORED] entropies were not kept; ask for them in `want`");
    cpwl_diet_result_free(result);
    /* The default is 0.8: lse - 0.2 z_y - 0.8 mean z. */
    CHECK_OK(cpwl_diet_loss(NULL, &p, NULL, NULL, NULL, NULL, &result));
    s = summary_of(result);
    CHECK_NEAR(s.loss, 0.5 * (log(6) - 0.2 * log(3) - 0.8 / 3 * log(6) + log(3)), 1e-15);
    CHECK(s.d_scale != s.d_scale);
    cpwl_diet_result_free(result);
    cpwl_diet_result_free(NULL);
}

static void refusals(const double *head) {
    static const int64_t wrong[] = {2, 3};
    double dw[6] = {7, 7, 7, 7, 7, 7};
    const cpwl_tensor f = tensor(features, CPWL_F64, 2, f_shape), w = tensor(head, CPWL_F64, 2, w_shape),
                      y = tensor(wrong, CPWL_I64, 1, two);
    cpwl_tensor d_head = tensor(dw, CPWL_F64, 2, w_shape);
    cpwl_diet_problem p = problem(&f, &w, &y);
    cpwl_diet_options o = plain(1.5);
    cpwl_diet_result *result = NULL;
    CHECK_FAILS(cpwl_diet_loss(NULL, &p, NULL, NULL, &d_head, NULL, &result), CPWL_ARGUMENT,
                "[ARGUMENT] the label of row 1 is 3; expected 0 to 2 or -100");
    CHECK_FAILS(cpwl_diet_loss(NULL, &p, &o, NULL, &d_head, NULL, &result), CPWL_ARGUMENT,
                "[ARGUMENT] smoothing is 1.5; expected 0 to 1");
    CHECK_FAILS(cpwl_diet_loss(NULL, NULL, &o, NULL, &d_head, NULL, &result), CPWL_ARGUMENT, "[NULL]*");
    p.labels = NULL;
    CHECK_FAILS(cpwl_diet_loss(NULL, &p, NULL, NULL, &d_head, NULL, &result), CPWL_ARGUMENT, "[NULL] labels is NULL");
    o = plain(0), o.norm = 7;
    CHECK_FAILS(cpwl_diet_loss(NULL, &p, &o, NULL, &d_head, NULL, &result), CPWL_ARGUMENT, "*");
    CHECK(result == NULL && dw[0] == 7 && dw[5] == 7);
}

static void step_of_sgd(const double *before) {
    double head[6], buffer[6] = {0}, df[4];
    const cpwl_tensor f = tensor(features, CPWL_F64, 2, f_shape), y = tensor(labels, CPWL_I64, 1, two);
    cpwl_tensor w = tensor(head, CPWL_F64, 2, w_shape), state = tensor(buffer, CPWL_F64, 2, w_shape),
                d_features = tensor(df, CPWL_F64, 2, f_shape);
    const cpwl_diet_problem p = problem(&f, NULL, &y);
    const cpwl_diet_options o = plain(0);
    cpwl_diet_update u;
    cpwl_diet_result *result = NULL;
    memcpy(head, before, sizeof head);
    memset(&u, 0, sizeof u);
    u.struct_size = sizeof u;
    u.optimizer = CPWL_SGD, u.rate = 0.5, u.momentum = 0.9;
    CHECK_OK(cpwl_diet_step(NULL, &p, &o, &u, &w, &state, NULL, &d_features, NULL, &result));
    CHECK_NEAR(summary_of(result).loss, 0.5 * log(6), 1e-15);
    CHECK_NEAR(head[4], log(3) + 0.5 * 3 / 12, 1e-15);
    CHECK_NEAR(buffer[4], -3 / 12.0, 1e-15);
    CHECK_NEAR(df[0], (2 * log(2) - 3 * log(3)) / 12, 1e-15);
    cpwl_diet_result_free(result);
    u.optimizer = CPWL_ADAMW, u.step = 1;
    CHECK_FAILS(cpwl_diet_step(NULL, &p, &o, &u, &w, &state, NULL, NULL, NULL, &result), CPWL_ARGUMENT,
                "[ARGUMENT] AdamW has two states; expected the second");
}

static void shards(const double *head) {
    double parts[24], merged[12], df[4], total[4] = {0};
    const cpwl_tensor f = tensor(features, CPWL_F64, 2, f_shape), y = tensor(labels, CPWL_I64, 1, two),
                      low = tensor(head, CPWL_F64, 2, first_rows), high = tensor(head + 4, CPWL_F64, 2, last_rows),
                      all = tensor(parts, CPWL_F64, 3, partials);
    cpwl_tensor d_features = tensor(df, CPWL_F64, 2, f_shape), out = tensor(merged, CPWL_F64, 2, partial);
    const cpwl_tensor whole = tensor(merged, CPWL_F64, 2, partial);
    const cpwl_diet_options o = plain(0);
    int s, i;
    for (s = 0; s < 2; s++) {
        const cpwl_diet_problem p = problem(&f, s ? &high : &low, &y);
        cpwl_tensor part = tensor(parts + 12 * s, CPWL_F64, 2, partial);
        CHECK_OK(cpwl_diet_shard_forward(NULL, &p, &o, 2 * s, 3, &part));
    }
    CHECK_OK(cpwl_diet_merge(NULL, &all, &out));
    for (s = 0; s < 2; s++) {
        const cpwl_diet_problem p = problem(&f, s ? &high : &low, &y);
        cpwl_diet_result *result = NULL;
        CHECK_OK(cpwl_diet_shard_backward(NULL, &p, &o, 2 * s, 3, &whole, &d_features, NULL, NULL, &result));
        CHECK_NEAR(summary_of(result).loss, 0.5 * log(6), 1e-15);
        for (i = 0; i < 4; i++) total[i] += df[i];
        cpwl_diet_result_free(result);
    }
    CHECK_NEAR(total[0], (2 * log(2) - 3 * log(3)) / 12, 1e-15);
    CHECK_NEAR(total[2], 0.5 * (log(2) + log(3)) / 3, 1e-15);
}

static void sampled(const double *head) {
    static const int64_t one[] = {1}, other[] = {1}, twice[] = {0};
    const cpwl_tensor f = tensor(features, CPWL_F64, 2, f_shape), w = tensor(head, CPWL_F64, 2, w_shape),
                      y = tensor(labels, CPWL_I64, 1, two), rest = tensor(other, CPWL_I64, 1, one),
                      bad = tensor(twice, CPWL_I64, 1, one);
    const cpwl_diet_problem p = problem(&f, &w, &y);
    const cpwl_diet_options o = plain(0);
    cpwl_diet_result *result = NULL;
    CHECK_OK(cpwl_diet_sampled(NULL, &p, &o, &rest, NULL, NULL, NULL, &result));
    CHECK_NEAR(summary_of(result).loss, 0.5 * log(6), 1e-15);
    cpwl_diet_result_free(result);
    CHECK_FAILS(cpwl_diet_sampled(NULL, &p, &o, &bad, NULL, NULL, NULL, &result), CPWL_ARGUMENT,
                "[ARGUMENT] class 0 is sampled, and a class of the batch or sampled twice");
}

void test_diet(void) {
    const double head[] = {0, 0, log(2), 0, log(3), 0};
    losses(head);
    refusals(head);
    step_of_sgd(head);
    shards(head);
    sampled(head);
}
