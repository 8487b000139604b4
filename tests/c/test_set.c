/* Convex sets: support functions worked out by hand, rows in their documented order, errors. */
#include "check.h"

static const int64_t two[] = {2}, one_row[] = {1, 2}, two_rows[] = {2, 2}, three_rows[] = {3, 2};
static cpwl_set *none;

/* The largest value of u x + v y. */
static double support(const cpwl_set *set, double u, double v) {
    static const int64_t one[] = {1};
    double a[2], value = 0;
    const cpwl_tensor directions = tensor(a, CPWL_F64, 2, one_row);
    cpwl_tensor values = tensor(&value, CPWL_F64, 1, one);
    a[0] = u, a[1] = v;
    CHECK_OK(cpwl_set_support(NULL, set, &directions, &values));
    return value;
}

static cpwl_set_summary info(const cpwl_set *set) {
    cpwl_set_summary summary;
    memset(&summary, 0, sizeof summary);
    summary.struct_size = sizeof summary;
    CHECK_OK(cpwl_set_info(NULL, set, &summary));
    return summary;
}

/* The set has a support of `value` in direction (u, v); it is freed. */
static void expect(cpwl_set *set, double u, double v, double value) {
    CHECK_NEAR(support(set, u, v), value, 1e-13);
    cpwl_set_free(set);
}

/* The box [0, 2] x [-1, 1]. */
static cpwl_set *box(void) {
    static const double center[] = {1, 0}, radius[] = {1, 1};
    const cpwl_tensor c = tensor(center, CPWL_F64, 1, two), r = tensor(radius, CPWL_F64, 1, two);
    cpwl_set *set = NULL;
    CHECK_OK(cpwl_set_box(NULL, &c, &r, &set));
    return set;
}

static void kinds(void) {
    static const double numbers[] = {3, 4, 1, 0, 1, 2}, ray[] = {0, 1}, sides[] = {1, 1, -1, 0, 0, -1}, offsets[] = {2, 0, 0};
    static const int64_t three[] = {3};
    const cpwl_tensor c = tensor(numbers, CPWL_F64, 1, two), m = tensor(numbers + 2, CPWL_F64, 2, two_rows),
                      points = tensor(numbers, CPWL_F64, 2, three_rows), rays = tensor(ray, CPWL_F64, 2, one_row),
                      a = tensor(sides, CPWL_F64, 2, three_rows), b = tensor(offsets, CPWL_F64, 1, three);
    cpwl_set *set = NULL;
    cpwl_set_summary summary;
    CHECK_OK(cpwl_set_zonotope(NULL, &c, &m, &set));
    expect(set, 1, 1, 7 + 2 + 2); /* columns (1, 1) and (0, 2) */
    CHECK_OK(cpwl_set_ellipsoid(NULL, &c, &m, &set));
    expect(set, 1, 1, 7 + sqrt(8));
    CHECK_OK(cpwl_set_ball(NULL, &c, 2, 1, &set));
    expect(set, 1, -3, -9 + 6);
    CHECK_OK(cpwl_set_ball(NULL, &c, 2, 2, &set));
    expect(set, 3, 4, 25 + 10);
    CHECK_OK(cpwl_set_ball(NULL, &c, 2, INFINITY, &set));
    expect(set, 1, -3, -9 + 8);
    CHECK_OK(cpwl_set_simplex(NULL, &c, 2, &set));
    expect(set, 1, 5, 23 + 10);
    CHECK_OK(cpwl_set_probability_simplex(NULL, 2, 3, &set));
    CHECK(info(set).affine_rank == 1 && info(set).n_rows == 2);
    expect(set, -1, -2, -3);
    CHECK_OK(cpwl_set_vertices(NULL, &points, NULL, &set));
    expect(set, -1, 1, 1); /* (3, 4), (1, 0), (1, 2) */
    CHECK_OK(cpwl_set_vertices(NULL, &points, &rays, &set));
    summary = info(set);
    CHECK(summary.dim == 2 && summary.affine_rank == 2 && summary.n_rows == 4 && summary.bounded == 0);
    CHECK(support(set, 0, 1) == INFINITY);
    expect(set, 1, -1, 1);
    CHECK_OK(cpwl_set_polytope(NULL, &a, &b, &set)); /* the triangle of x, y >= 0, x + y <= 2 */
    CHECK(info(set).bounded == 1);
    expect(set, 2, 1, 4);
}

static void combinations(void) {
    static const double shear[] = {1, 1, 0, 2}, shift[] = {10, 20};
    static const int64_t four[] = {1, 4};
    const cpwl_tensor m = tensor(shear, CPWL_F64, 2, two_rows), s = tensor(shift, CPWL_F64, 1, two);
    double a[] = {1, 2, 3, 4}, value = 0;
    const cpwl_tensor direction = tensor(a, CPWL_F64, 2, four);
    cpwl_tensor values = tensor(&value, CPWL_F64, 1, four); /* the first length of it: (1) */
    cpwl_set *first = box(), *second = NULL, *set = NULL;
    const cpwl_set *both[2];
    CHECK_OK(cpwl_set_image(NULL, first, &m, &s, &set));
    expect(set, 1, 1, 30 + 2 + 3); /* x + 3 y over the box, and the shift */
    CHECK_OK(cpwl_set_image(NULL, first, &m, NULL, &second));
    both[0] = first, both[1] = second;
    CHECK_OK(cpwl_set_sum(NULL, first, second, &set));
    expect(set, 1, 1, 3 + 5);
    CHECK_OK(cpwl_set_hull(NULL, both, 2, &set));
    expect(set, 1, 1, 5);
    CHECK_OK(cpwl_set_product(NULL, both, 2, &set));
    CHECK(info(set).dim == 4 && info(set).n_rows == 6);
    CHECK_OK(cpwl_set_support(NULL, set, &direction, &values));
    CHECK_NEAR(value, (2 + 2) + (3 * 2 + 11), 1e-13);
    cpwl_set_free(set);
    CHECK_OK(cpwl_set_scaled(NULL, first, 0.5, &set));
    expect(set, 1, 1, 1.5 + 0.5);
    CHECK_FAILS(cpwl_set_scaled(NULL, first, 2, &none), CPWL_ARGUMENT, "[BAD_REGION] t is 2; expected a factor from 0 to 1");
    CHECK_FAILS(cpwl_set_hull(NULL, both, 0, &none), CPWL_ARGUMENT, "[EMPTY_REGION] *");
    both[1] = NULL;
    CHECK_FAILS(cpwl_set_product(NULL, both, 2, &none), CPWL_ARGUMENT, "[NULL] sets is NULL");
    cpwl_set_free(first);
    cpwl_set_free(second);
}

static void domains(void) {
    static const double corners[] = {0.1, 0.2, 0.7, 0.9};
    const cpwl_tensor lo = tensor(corners, CPWL_F64, 1, two), hi = tensor(corners + 2, CPWL_F64, 1, two);
    cpwl_domain *domain = NULL;
    cpwl_set *set = NULL;
    CHECK_OK(cpwl_domain_box(NULL, &lo, &hi, &domain));
    CHECK_OK(cpwl_set_from_domain(NULL, domain, &set));
    cpwl_domain_free(domain);
    CHECK(info(set).n_rows == 3);
    CHECK(support(set, 1, 0) >= 0.7 && support(set, 0, -1) >= -0.2);
    expect(set, 1, 1, 1.6);
}

static void rows_and_samples(void) {
    static const double expected[] = {1, 0, 1, 0, 0, 1};
    double points[40], again[20];
    int64_t shape[] = {20, 2};
    cpwl_set *set = box();
    cpwl_tensor rows, out = tensor(points, CPWL_F64, 2, shape);
    int i;
    CHECK_OK(cpwl_set_rows(NULL, set, &rows));
    CHECK(rows.dtype == CPWL_F64 && rows.ndim == 2 && rows.shape[0] == 3 && rows.shape[1] == 2);
    CHECK(memcmp(rows.data, expected, sizeof expected) == 0);
    CHECK_OK(cpwl_set_sample(NULL, set, 5, &out));
    for (i = 0; i < 40; i++) CHECK(fabs(points[i] - (i % 2 ? 0 : 1)) <= 1);
    out.data = again;
    shape[0] = 10;
    CHECK_OK(cpwl_set_sample(NULL, set, 5, &out));
    CHECK(memcmp(points, again, sizeof again) == 0);
    cpwl_set_free(set);
    cpwl_set_free(NULL);
}

static void refused(void) {
    static double numbers[] = {1, 0, 1, -1};
    static const int64_t no_rows[] = {0, 2};
    const cpwl_tensor c = tensor(numbers, CPWL_F64, 1, two), r = tensor(numbers + 2, CPWL_F64, 1, two),
                      nothing = tensor(NULL, CPWL_F64, 2, no_rows), a = tensor(numbers, CPWL_F64, 2, two_rows);
    cpwl_context_options opts;
    cpwl_context *ctx = NULL;
    CHECK_FAILS(cpwl_set_box(NULL, &c, &r, &none), CPWL_ARGUMENT, "[BAD_REGION] radius[1] is -1; expected 0 or more");
    CHECK_FAILS(cpwl_set_ball(NULL, &c, 1, 3, &none), CPWL_UNSUPPORTED, "[UNSUPPORTED] p is 3; expected 1, 2 or infinity");
    CHECK_FAILS(cpwl_set_vertices(NULL, &nothing, NULL, &none), CPWL_ARGUMENT,
                "[EMPTY_REGION] vertices is empty; expected at least one point");
    CHECK_FAILS(cpwl_set_zonotope(NULL, &c, &c, &none), CPWL_SHAPE, "[RANK] generators has 1 axes; expected 2: (D, p)");
    CHECK_FAILS(cpwl_set_probability_simplex(NULL, 0, 1, &none), CPWL_SHAPE, "[SHAPE] *");
    numbers[0] = NAN;
    CHECK_FAILS(cpwl_set_simplex(NULL, &c, 1, &none), CPWL_NONFINITE, "[NONFINITE] origin[0] is NaN; *");
    numbers[0] = 1;
    /* x <= 1 and x >= 2. */
    {
        static const double sides[] = {1, 0, -1, 0}, offsets[] = {1, -2};
        const cpwl_tensor m = tensor(sides, CPWL_F64, 2, two_rows), b = tensor(offsets, CPWL_F64, 1, two);
        CHECK_FAILS(cpwl_set_polytope(NULL, &m, &b, &none), CPWL_ARGUMENT,
                    "[EMPTY_REGION] polytope: no x satisfies a x <= b");
    }
    CHECK_FAILS(cpwl_set_image(NULL, NULL, &a, NULL, &none), CPWL_ARGUMENT, "[NULL] set is NULL");
    memset(&opts, 0, sizeof opts);
    opts.struct_size = sizeof opts;
    opts.memory_limit = 1 << 20;
    CHECK_OK(cpwl_context_new(&opts, &ctx));
    CHECK_FAILS(cpwl_set_probability_simplex(ctx, 1 << 20, 1, &none), CPWL_LIMIT, "[MEMORY_LIMIT] a matrix of rows needs *");
    cpwl_context_free(ctx);
    CHECK(none == NULL);
}

void test_set(void) {
    kinds();
    combinations();
    domains();
    rows_and_samples();
    refused();
}
