/* What the consumer tests share: checks that say where they failed, and tensors over plain arrays. The files are valid
 * C99 and valid C++17. */
#ifndef CHECK_H
#define CHECK_H

#include <cpwl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
#define CHECK_OK(call) check_status(__FILE__, __LINE__, #call, (call), CPWL_OK, NULL)
/* The call fails with that status, and `text` is the whole of cpwl_last_error(); a '*' at its end stands for any rest. */
#define CHECK_FAILS(call, status, text) check_status(__FILE__, __LINE__, #call, (call), (status), (text))
#define CHECK_NEAR(value, expected, tolerance) check_near(__FILE__, __LINE__, #value, (value), (expected), (tolerance))
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static inline void check_failed(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    exit(1);
}

static inline void check_status(const char *file, int line, const char *call, cpwl_status got, cpwl_status expected,
                                const char *text) {
    const char *said = cpwl_last_error();
    size_t n = text ? strlen(text) : 0;
    int same = !text || (n && text[n - 1] == '*' ? strncmp(said, text, n - 1) == 0 : strcmp(said, text) == 0);
    if (got == expected && same) return;
    fprintf(stderr, "%s:%d: %s\n  returned %s (%s)\n  expected %s (%s)\n", file, line, call, cpwl_status_name(got), said,
            cpwl_status_name(expected), text ? text : "no error");
    exit(1);
}

static inline void check_near(const char *file, int line, const char *what, double value, double expected,
                              double tolerance) {
    if (fabs(value - expected) <= tolerance) return;
    fprintf(stderr, "%s:%d: %s is %.17g; expected %.17g within %g\n", file, line, what, value, expected, tolerance);
    exit(1);
}

/* A row-major tensor of up to four axes; `shape` must live as long as the tensor is used. */
static inline cpwl_tensor tensor(const void *data, int32_t dtype, int32_t ndim, const int64_t *shape) {
    cpwl_tensor t;
    memset(&t, 0, sizeof t);
    t.data = (void *)data;
    t.dtype = dtype;
    t.ndim = ndim;
    t.shape = shape;
    return t;
}

/* relu(u + v) + 2 relu(u - v) + 1/2, the network whose every number the tests know: its lines are the diagonals. */
static inline cpwl_network *diagonals(const cpwl_context *ctx) {
    static const double hidden[] = {1, 1, 1, -1}, out[] = {1, 2}, shift[] = {0.5};
    static const int64_t input_shape[] = {2}, hidden_shape[] = {2, 2}, out_shape[] = {1, 2}, one[] = {1};
    const cpwl_tensor w1 = tensor(hidden, CPWL_F64, 2, hidden_shape), w2 = tensor(out, CPWL_F64, 2, out_shape),
                      b2 = tensor(shift, CPWL_F64, 1, one);
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    CHECK_OK(cpwl_network_builder_new(ctx, input_shape, 1, &builder));
    CHECK_OK(cpwl_network_builder_dense(ctx, builder, -1, &w1, NULL, NULL));
    CHECK_OK(cpwl_network_builder_activation(ctx, builder, -1, CPWL_RELU, NULL, NULL));
    CHECK_OK(cpwl_network_builder_dense(ctx, builder, -1, &w2, &b2, NULL));
    CHECK_OK(cpwl_network_builder_finish(ctx, builder, -1, &net));
    cpwl_network_builder_free(builder);
    return net;
}

/* A 2-24-24-2 ReLU network with small pseudo-random weights: some hundred regions. */
static inline cpwl_network *mesh_of_lines(const cpwl_context *ctx) {
    static double weight[24 * 24];
    static const int64_t input_shape[] = {2}, first[] = {24, 2}, second[] = {24, 24}, third[] = {2, 24}, bias_shape[] = {24};
    uint64_t state = 1;
    int i, layer;
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    CHECK_OK(cpwl_network_builder_new(ctx, input_shape, 1, &builder));
    for (layer = 0; layer < 3; layer++) {
        const cpwl_tensor w = tensor(weight, CPWL_F64, 2, layer == 0 ? first : layer == 1 ? second : third);
        const cpwl_tensor b = tensor(weight, CPWL_F64, 1, bias_shape);
        for (i = 0; i < 24 * 24; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            weight[i] = (double)(int64_t)(state >> 33) / 1073741824.0 - 1.0;
        }
        CHECK_OK(cpwl_network_builder_dense(ctx, builder, -1, &w, layer < 2 ? &b : NULL, NULL));
        if (layer < 2) CHECK_OK(cpwl_network_builder_activation(ctx, builder, -1, CPWL_RELU, NULL, NULL));
    }
    CHECK_OK(cpwl_network_builder_finish(ctx, builder, -1, &net));
    cpwl_network_builder_free(builder);
    return net;
}

/* The box [-1, 1] x [-1, 1]. */
static inline cpwl_domain *unit_box(const cpwl_context *ctx) {
    static const double corners[] = {-1, -1, 1, 1};
    static const int64_t two[] = {2};
    const cpwl_tensor lo = tensor(corners, CPWL_F64, 1, two), hi = tensor(corners + 2, CPWL_F64, 1, two);
    cpwl_domain *box = NULL;
    CHECK_OK(cpwl_domain_box(ctx, &lo, &hi, &box));
    return box;
}

void test_abi(void);
void test_ball(void);
void test_diet(void);
void test_prior(void);
void test_boundary(void);
void test_callbacks(void);
void test_dlpack(void);
void test_domains(void);
void test_enumeration(void);
void test_export(void);
void test_factors(void);
void test_fence(void);
void test_fork(void);
void test_hsic(void);
void test_layers(void);
void test_memory(void);
void test_network(void);
void test_partition(void);
void test_pieces(void);
void test_rank(void);
void test_set(void);
void test_smooth(void);
void test_police(void);
void test_prescribe(void);
void test_solid(void);
void test_spine(void);
void test_statistics(void);
void test_tape(void);
void test_tensors(void);

#endif
