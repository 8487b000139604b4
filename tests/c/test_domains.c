/* Domains, good and bad. */
#include "check.h"

static cpwl_domain *domain;

static int64_t regions_of(const cpwl_network *net, const cpwl_domain *where, double *area) {
    cpwl_partition *partition = NULL;
    cpwl_partition_summary info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_partition_new(NULL, net, where, NULL, &partition));
    CHECK_OK(cpwl_partition_info(NULL, partition, &info));
    cpwl_partition_free(partition);
    *area = info.area;
    return info.n_regions;
}

static void polygon_fails(int64_t n, const double *points, cpwl_status status, const char *text) {
    int64_t shape[2];
    cpwl_tensor t;
    shape[0] = n, shape[1] = 2;
    t = tensor(points, CPWL_F64, 2, shape);
    CHECK_FAILS(cpwl_domain_polygon(NULL, &t, &domain), status, text);
}

static void polygons(const cpwl_network *net) {
    static const double clockwise[] = {-1, 0, 0, 1, 1, 0, 0, -1, -0.5, -0.5}, line[] = {0, 0, 1, 1, 3, 3},
                        bow[] = {0, 0, 1, 1, 1, 0, 0, 1}, arrow[] = {0, 0, 2, 0, 0.5, 0.5, 0, 2};
    static double infinite[] = {0, 0, 1, 0, 1, 1};
    static const int64_t five[] = {5, 2}, wrong[] = {2, 3}, flat[] = {6};
    cpwl_tensor t = tensor(clockwise, CPWL_F64, 2, five);
    double area;
    CHECK_OK(cpwl_domain_polygon(NULL, &t, &domain));
    CHECK(regions_of(net, domain, &area) == 4); /* the diagonals cut the diamond in four */
    CHECK_NEAR(area, 2, 1e-15);
    cpwl_domain_free(domain);
    domain = NULL;
    polygon_fails(2, line, CPWL_ARGUMENT, "[ZERO_AREA] polygon has 2 different vertices; expected at least 3");
    polygon_fails(3, line, CPWL_ARGUMENT, "[ZERO_AREA] polygon has zero area: its vertices lie on one line");
    polygon_fails(4, bow, CPWL_ARGUMENT,
                  "[SELF_INTERSECTING] polygon: sides cross or touch each other; expected a simple convex polygon");
    polygon_fails(4, arrow, CPWL_UNSUPPORTED,
                  "[NON_CONVEX] polygon is not convex; split it into convex parts and take one partition of each");
    infinite[3] = INFINITY;
    polygon_fails(3, infinite, CPWL_NONFINITE, "[NONFINITE] vertices[1, 1] is inf; expected a finite f64 number");
    t = tensor(clockwise, CPWL_F64, 2, wrong);
    CHECK_FAILS(cpwl_domain_polygon(NULL, &t, &domain), CPWL_SHAPE, "[SHAPE] vertices has shape [2, 3]; expected (n, 2)");
    t = tensor(clockwise, CPWL_F64, 1, flat);
    CHECK_FAILS(cpwl_domain_polygon(NULL, &t, &domain), CPWL_SHAPE, "[RANK] vertices has 1 axes; expected 2: (n, 2)");
    t = tensor(clockwise, CPWL_I64, 2, five);
    CHECK_FAILS(cpwl_domain_polygon(NULL, &t, &domain), CPWL_DTYPE,
                "[DTYPE] vertices has dtype i64; expected f32, f64, f16, bf16");
    CHECK_FAILS(cpwl_domain_polygon(NULL, NULL, &domain), CPWL_ARGUMENT, "[NULL] vertices is NULL");
    CHECK(domain == NULL);
}

static void boxes(void) {
    static const double corners[] = {-1, 0, 1, 0, 0};
    static const int64_t two[] = {2}, three[] = {3};
    const cpwl_tensor lo = tensor(corners, CPWL_F64, 1, two), hi = tensor(corners + 2, CPWL_F64, 1, two),
                      wide = tensor(corners, CPWL_F64, 1, three);
    CHECK_FAILS(cpwl_domain_box(NULL, &lo, &hi, &domain), CPWL_ARGUMENT,
                "[ZERO_AREA] box: lo[1] = 0 and hi[1] = 0; expected lo < hi");
    CHECK_FAILS(cpwl_domain_box(NULL, &hi, &lo, &domain), CPWL_ARGUMENT, "[ZERO_AREA] box: lo[0] = 1 and hi[0] = -1; *");
    CHECK_FAILS(cpwl_domain_box(NULL, &wide, &hi, &domain), CPWL_SHAPE,
                "[SHAPE] box: lo has 3 elements and hi has 2");
    CHECK_FAILS(cpwl_domain_box(NULL, &lo, &lo, NULL), CPWL_ARGUMENT, "[NULL] out is NULL");
    CHECK(domain == NULL);
}

static void slices(const cpwl_network *net) {
    /* (u, v) -> (2 u, 2 v): the box [-1/2, 1/2]^2 is the unit box, twice as fine. */
    static const double origin[] = {0, 0}, axes[] = {2, 0, 0, 2}, square[] = {-0.5, -0.5, 0.5, -0.5, 0.5, 0.5, -0.5, 0.5},
                        parallel[] = {1, 2, 2, 4}, anchors[] = {-1, -1, 1, -1, -1, 1}, far_off[] = {0, 0, 0};
    static const int64_t two[] = {2}, pair[] = {2, 2}, four[] = {4, 2}, three[] = {3, 2}, three_d[] = {3}, pair_3d[] = {2, 3};
    static const double axes_3d[] = {1, 0, 0, 0, 1, 0};
    const cpwl_tensor o = tensor(origin, CPWL_F64, 1, two), a = tensor(axes, CPWL_F64, 2, pair),
                      p = tensor(square, CPWL_F64, 2, four), bad = tensor(parallel, CPWL_F64, 2, pair),
                      t = tensor(anchors, CPWL_F64, 2, three), o3 = tensor(far_off, CPWL_F64, 1, three_d),
                      a3 = tensor(axes_3d, CPWL_F64, 2, pair_3d);
    cpwl_partition *partition = NULL;
    double area;
    CHECK_OK(cpwl_domain_slice(NULL, &o, &a, &p, &domain));
    CHECK(regions_of(net, domain, &area) == 4);
    CHECK_NEAR(area, 1, 1e-15);
    cpwl_domain_free(domain);
    CHECK_OK(cpwl_domain_slice(NULL, &o, &a, NULL, &domain)); /* [-1, 1]^2 */
    CHECK(regions_of(net, domain, &area) == 4);
    CHECK_NEAR(area, 4, 1e-14);
    cpwl_domain_free(domain);
    CHECK_OK(cpwl_domain_slice_anchors(NULL, &t, 0, &domain)); /* the unit box, in units of its sides */
    CHECK(regions_of(net, domain, &area) == 4);
    CHECK_NEAR(area, 1, 1e-15);
    cpwl_domain_free(domain);
    domain = NULL;
    CHECK_FAILS(cpwl_domain_slice(NULL, &o, &bad, NULL, &domain), CPWL_ARGUMENT,
                "[DEPENDENT_AXES] slice: axes[0] and axes[1] are linearly dependent; expected two that span a plane");
    CHECK_FAILS(cpwl_domain_slice(NULL, &o, &t, NULL, &domain), CPWL_SHAPE,
                "[SHAPE] axes has shape [3, 2]; expected (2, D)");
    CHECK_FAILS(cpwl_domain_slice(NULL, &o3, &a, NULL, &domain), CPWL_SHAPE,
                "[SHAPE] slice: axes[0] has 2 elements; origin has 3");
    CHECK_FAILS(cpwl_domain_slice_anchors(NULL, &a, 0, &domain), CPWL_SHAPE,
                "[SHAPE] anchors has shape [2, 2]; expected (3, D)");
    CHECK_FAILS(cpwl_domain_slice_anchors(NULL, &t, -1, &domain), CPWL_ARGUMENT,
                "[ARGUMENT] margin is -1; expected a finite number >= 0");
    CHECK(domain == NULL);
    CHECK_OK(cpwl_domain_slice(NULL, &o3, &a3, NULL, &domain));
    CHECK_FAILS(cpwl_partition_new(NULL, net, domain, NULL, &partition), CPWL_SHAPE, "[SHAPE] *");
    CHECK(partition == NULL);
    cpwl_domain_free(domain);
    cpwl_domain_free(NULL);
    domain = NULL;
}

void test_domains(void) {
    cpwl_network *net = diagonals(NULL);
    polygons(net);
    boxes();
    slices(net);
    cpwl_network_free(net);
}
