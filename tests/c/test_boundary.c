/* The level set 1 of relu(u + v) + 2 relu(u - v) + 1/2 on the unit box, worked out by hand: three pieces from (-1/2, 1) by
 * (1/4, 1/4) and (1/8, -1/8) to (-3/4, -1), with higher values on the left of that way. */
#include "check.h"

static const double WAY[4][2] = {{-0.5, 1}, {0.25, 0.25}, {0.125, -0.125}, {-0.75, -1}};

static const void *get(const cpwl_boundary *b, int32_t which, int32_t dtype, int64_t rows, int64_t columns) {
    cpwl_tensor t;
    memset(&t, 0, sizeof t);
    CHECK_OK(cpwl_boundary_array(NULL, b, which, &t));
    CHECK(t.dtype == dtype && t.ndim == (columns ? 2 : 1) && t.shape[0] == rows && (!columns || t.shape[1] == columns));
    return t.data;
}

static void polylines(const cpwl_boundary *b) {
    const int64_t *offsets = (const int64_t *)get(b, CPWL_BOUNDARY_POLYLINE_OFFSETS, CPWL_I64, 2, 0),
                  *segments = (const int64_t *)get(b, CPWL_BOUNDARY_POLYLINE_SEGMENTS, CPWL_I64, 3, 0),
                  *ends = (const int64_t *)get(b, CPWL_BOUNDARY_POLYLINE_ENDS, CPWL_I64, 1, 2);
    const double *points = (const double *)get(b, CPWL_BOUNDARY_POLYLINE_POINTS, CPWL_F64, 4, 2);
    const int32_t *labels = (const int32_t *)get(b, CPWL_BOUNDARY_POLYLINE_LABELS, CPWL_I32, 1, 2),
                  *sides = (const int32_t *)get(b, CPWL_BOUNDARY_SIDES, CPWL_I32, 3, 2);
    cpwl_boundary_summary info;
    int i;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_boundary_info(NULL, b, &info));
    CHECK(info.n_segments == 3 && info.n_polylines == 1 && info.n_junctions == 0);
    CHECK(offsets[0] == 0 && offsets[1] == 4 && labels[0] == 0 && labels[1] == -1 && ends[0] == -1 && ends[1] == -1);
    CHECK(*(const uint8_t *)get(b, CPWL_BOUNDARY_POLYLINE_CLOSED, CPWL_U8, 1, 0) == 0);
    CHECK((1 << segments[0] | 1 << segments[1] | 1 << segments[2]) == 7);
    for (i = 0; i < 8; i++) CHECK_NEAR(points[i], WAY[i / 2][i % 2], 1e-15);
    for (i = 0; i < 3; i++) CHECK(sides[2 * i] == 1 && sides[2 * i + 1] == -1);
    get(b, CPWL_BOUNDARY_JUNCTIONS, CPWL_F64, 0, 2);
}

static void lengths(const cpwl_boundary *b) {
    const double expected = 0.75 * sqrt(2) + 0.125 * sqrt(10) + 0.875 * sqrt(2);
    double interior = -1, on_edge = -1;
    CHECK_OK(cpwl_boundary_length(NULL, b, CPWL_METRIC_AMBIENT, &interior, &on_edge));
    CHECK_NEAR(interior, expected, 1e-14); /* a box is its own input space */
    CHECK(on_edge == 0);
    CHECK_OK(cpwl_boundary_length(NULL, b, 0, NULL, NULL));
    CHECK_FAILS(cpwl_boundary_length(NULL, b, -1, &interior, NULL), CPWL_ARGUMENT, "[UNKNOWN_ENUM] metric is -1; *");
}

static void samples(const cpwl_boundary *b) {
    static const int64_t shape[] = {1000, 2}, few_shape[] = {10, 2}, n[] = {1000};
    static double points[2000], few[20];
    static float floats[2000];
    static int64_t segments[1000];
    static int32_t cells[1000];
    const int64_t *cell_of = (const int64_t *)get(b, CPWL_BOUNDARY_CELL, CPWL_I64, 3, 0);
    cpwl_tensor p = tensor(points, CPWL_F64, 2, shape), q = tensor(few, CPWL_F64, 2, few_shape),
                f = tensor(floats, CPWL_F32, 2, shape), s = tensor(segments, CPWL_I64, 1, n), c = tensor(cells, CPWL_I32, 1, n);
    cpwl_boundary_points_options options;
    int i, top = 0;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.seed = 7;
    CHECK_OK(cpwl_boundary_sample(NULL, b, &options, &p, &s, &c));
    CHECK_OK(cpwl_boundary_sample(NULL, b, &options, &q, NULL, NULL));
    CHECK_OK(cpwl_boundary_sample(NULL, b, &options, &f, NULL, NULL));
    for (i = 0; i < 1000; i++) {
        const double u = points[2 * i], v = points[2 * i + 1];
        CHECK_NEAR(fmax(u + v, 0) + 2 * fmax(u - v, 0) + 0.5, 1, 1e-14);
        CHECK(cells[i] == cell_of[segments[i]]);
        CHECK(floats[2 * i] == (float)u);
        CHECK(i >= 10 || (few[2 * i] == u && few[2 * i + 1] == v));
        top += v > 0.25;
    }
    /* the upper piece has 3/4 sqrt(2) of the length: 0.3942; five standard deviations are 0.077 */
    CHECK_NEAR(top / 1000.0, 0.75 * sqrt(2) / (1.625 * sqrt(2) + 0.125 * sqrt(10)), 0.08);
    options.seed = 8;
    CHECK_OK(cpwl_boundary_sample(NULL, b, &options, &q, NULL, NULL));
    CHECK(few[0] != points[0]);
    CHECK_FAILS(cpwl_boundary_sample(NULL, b, NULL, &s, NULL, NULL), CPWL_SHAPE, "[RANK] *");
    CHECK_FAILS(cpwl_boundary_sample(NULL, b, NULL, &q, &s, NULL), CPWL_SHAPE,
                "[SHAPE] segments has shape [1000]; expected [10]: (n)");
    options.flags = 1;
    CHECK_FAILS(cpwl_boundary_sample(NULL, b, &options, &q, NULL, NULL), CPWL_UNSUPPORTED,
                "[UNKNOWN_OPTION] flags is 0x1; expected 0");
}

static void distances(const cpwl_boundary *b) {
    static const double points[] = {0, 0, 0.75, 0.75, -1, 1};
    static const int64_t shape[] = {3, 2}, n[] = {3};
    double distance[3], nearest[6];
    int32_t segment[3];
    const cpwl_tensor p = tensor(points, CPWL_F64, 2, shape);
    cpwl_tensor d = tensor(distance, CPWL_F64, 1, n), q = tensor(nearest, CPWL_F64, 2, shape),
                s = tensor(segment, CPWL_I32, 1, n);
    CHECK_OK(cpwl_boundary_nearest(NULL, b, &p, NULL, &d, &q, &s));
    CHECK_NEAR(distance[0], -0.5 / sqrt(10), 1e-15); /* below the level; the foot is on the middle piece */
    CHECK_NEAR(nearest[0], 0.15, 1e-15);
    CHECK_NEAR(nearest[1], -0.05, 1e-15);
    CHECK_NEAR(distance[1], 0.5 * sqrt(2), 1e-15); /* above it, nearest to the corner */
    CHECK_NEAR(nearest[2], 0.25, 1e-15);
    CHECK_NEAR(nearest[3], 0.25, 1e-15);
    CHECK_NEAR(distance[2], -0.5, 1e-15); /* the foot on u + v = 1/2 is outside: nearest to the end (-1/2, 1) */
    CHECK(segment[0] >= 0 && segment[0] < 3 && segment[0] != segment[2]);
    CHECK_OK(cpwl_boundary_nearest(NULL, b, &p, NULL, NULL, NULL, NULL));
    CHECK_FAILS(cpwl_boundary_nearest(NULL, b, &p, NULL, &s, NULL, NULL), CPWL_DTYPE,
                "[DTYPE] distances has dtype i32; expected f64, f32");
    q.data = (void *)points;
    CHECK_FAILS(cpwl_boundary_nearest(NULL, b, &p, NULL, NULL, &q, NULL), CPWL_ARGUMENT, "[OVERLAP] *");
    CHECK_FAILS(cpwl_boundary_nearest(NULL, b, NULL, NULL, &d, NULL, NULL), CPWL_ARGUMENT, "[NULL] points is NULL");
}

static void nothing(const cpwl_partition *p) {
    static double point[2] = {0, 0}, distance;
    static const int64_t shape[] = {1, 2}, one[] = {1};
    cpwl_tensor at = tensor(point, CPWL_F64, 2, shape), d = tensor(&distance, CPWL_F64, 1, one);
    cpwl_boundary_options options;
    cpwl_boundary *b = NULL;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.mode = CPWL_BOUNDARY_MODE_LEVEL_SET;
    options.level = 100;
    CHECK_OK(cpwl_boundary_new(NULL, p, &options, &b));
    CHECK_OK(cpwl_boundary_nearest(NULL, b, &at, NULL, &d, NULL, NULL));
    CHECK(isinf(distance));
    CHECK_FAILS(cpwl_boundary_sample(NULL, b, NULL, &at, NULL, NULL), CPWL_ARGUMENT,
                "[ARGUMENT] there is no boundary to sample from: *");
    CHECK(point[0] == 0 && point[1] == 0);
    get(b, CPWL_BOUNDARY_POLYLINE_OFFSETS, CPWL_I64, 1, 0);
    cpwl_boundary_free(b);
}

void test_boundary(void) {
    cpwl_network *net = diagonals(NULL);
    cpwl_domain *box = unit_box(NULL);
    cpwl_partition *p = NULL;
    cpwl_boundary_options options;
    cpwl_boundary *b = NULL;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.mode = CPWL_BOUNDARY_MODE_LEVEL_SET;
    options.level = 1;
    CHECK_OK(cpwl_partition_new(NULL, net, box, NULL, &p));
    CHECK_OK(cpwl_boundary_new(NULL, p, &options, &b));
    nothing(p);
    cpwl_partition_free(p); /* the boundary stays */
    polylines(b);
    lengths(b);
    samples(b);
    distances(b);
    cpwl_boundary_free(b);
    cpwl_domain_free(box);
    cpwl_network_free(net);
}
