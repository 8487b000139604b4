/* The partition of a cube by the three coordinate planes, the octahedron |x| + |y| + |z| = 1, and a tetrahedron. */
#include "check.h"

static cpwl_tensor get(const cpwl_partition3d *p, int32_t which, int32_t dtype, int32_t ndim, int64_t a, int64_t b) {
    cpwl_tensor t;
    const int64_t shape[2] = {a, b};
    int i;
    memset(&t, 0, sizeof t);
    CHECK_OK(cpwl_partition3d_array(NULL, p, which, &t));
    CHECK(t.dtype == dtype && t.ndim == ndim && t.strides == NULL);
    for (i = 0; i < ndim && i < 2; i++) CHECK(t.shape[i] == shape[i]);
    return t;
}

/* x, y, z, -x, -y, -z through ReLU and added up. */
static cpwl_network *norm1(void) {
    double w[18] = {0}, ones[6] = {1, 1, 1, 1, 1, 1};
    static const int64_t three[] = {3}, first[] = {6, 3}, second[] = {1, 6};
    cpwl_network_builder *b = NULL;
    cpwl_network *net = NULL;
    const cpwl_tensor weight = tensor(w, CPWL_F64, 2, first), sum = tensor(ones, CPWL_F64, 2, second);
    int i;
    for (i = 0; i < 3; i++) {
        w[3 * i + i] = 1;
        w[3 * (3 + i) + i] = -1;
    }
    CHECK_OK(cpwl_network_builder_new(NULL, three, 1, &b));
    CHECK_OK(cpwl_network_builder_dense(NULL, b, -1, &weight, NULL, NULL));
    CHECK_OK(cpwl_network_builder_activation(NULL, b, -1, CPWL_RELU, NULL, NULL));
    CHECK_OK(cpwl_network_builder_dense(NULL, b, -1, &sum, NULL, NULL));
    CHECK_OK(cpwl_network_builder_finish(NULL, b, -1, &net));
    cpwl_network_builder_free(b);
    return net;
}

static void octants(const cpwl_network *net, const cpwl_domain *cube) {
    cpwl_partition3d *p = NULL;
    cpwl_partition3d_summary info;
    static const int64_t one[] = {1}, three[] = {1, 3}, codes_shape[] = {8, 6};
    double at[3] = {1.5, -1, -0.25};
    int64_t cell = -7;
    uint8_t codes[48];
    cpwl_tensor points = tensor(at, CPWL_F64, 2, three), found = tensor(&cell, CPWL_I64, 1, one),
                patterns = tensor(codes, CPWL_U8, 2, codes_shape);
    const double *volumes, *a;
    int i, k;
    CHECK_OK(cpwl_partition3d_new(NULL, net, cube, NULL, &p));
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_partition3d_info(NULL, p, &info));
    CHECK(info.n_regions == 8 && info.n_vertices == 27 && info.n_edges == 54 && info.n_facets == 36);
    CHECK(info.n_units == 6 && info.n_outputs == 1 && info.n_unit_layers == 1);
    CHECK_NEAR(info.volume, 64, 1e-13);
    CHECK_NEAR(info.domain_volume, 64, 1e-13);
    CHECK(info.zero_signs > 0);
    volumes = (const double *)get(p, CPWL_PARTITION3D_VOLUMES, CPWL_F64, 1, 8, 0).data;
    get(p, CPWL_PARTITION3D_VERTICES, CPWL_F64, 2, 27, 3);
    get(p, CPWL_PARTITION3D_FACET_CELLS, CPWL_I64, 2, 36, 2);
    get(p, CPWL_PARTITION3D_CELL_OFFSETS, CPWL_I64, 1, 9, 0);
    a = (const double *)get(p, CPWL_PARTITION3D_MAP_A, CPWL_F64, 3, 8, 1).data;
    for (i = 0; i < 8; i++) CHECK(volumes[i] == 8);
    CHECK_OK(cpwl_partition3d_locate(NULL, p, &points, &found));
    CHECK(cell >= 0 && cell < 8 && a[3 * cell] == 1 && a[3 * cell + 1] == -1 && a[3 * cell + 2] == -1);
    CHECK_OK(cpwl_partition3d_patterns(NULL, p, 0, 8, &patterns));
    for (i = 0; i < 8; i++)
        for (k = 0; k < 3; k++) CHECK(codes[6 * i + k] == (a[3 * i + k] > 0) && codes[6 * i + 3 + k] == (a[3 * i + k] < 0));
    at[0] = 9;
    CHECK_OK(cpwl_partition3d_locate(NULL, p, &points, &found));
    CHECK(cell == -1);
    CHECK_FAILS(cpwl_partition3d_array(NULL, p, 99, &points), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 99; *");
    CHECK_FAILS(cpwl_partition3d_patterns(NULL, p, 0, 9, &patterns), CPWL_ARGUMENT, "[ARGUMENT] first is 0 and count is 9; *");
    cpwl_partition3d_free(p);
    cpwl_partition3d_free(NULL);
}

static void octahedron(const cpwl_network *net, const cpwl_domain *cube) {
    cpwl_surface *s = NULL;
    cpwl_surface_options options;
    cpwl_surface_summary info;
    cpwl_tensor v;
    int i;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.level = 1;
    CHECK_OK(cpwl_surface_new(NULL, net, cube, &options, &s));
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_surface_info(NULL, s, &info));
    CHECK(info.n_vertices == 6 && info.n_edges == 12 && info.n_polygons == 8 && info.euler == 2);
    CHECK(info.is_manifold == 1 && info.is_closed == 1 && info.flat_cells == 0 && info.n_cells == 8);
    CHECK_NEAR(info.area, 4 * sqrt(3), 1e-14);
    CHECK_NEAR(info.volume_below, 4.0 / 3, 1e-14);
    memset(&v, 0, sizeof v);
    CHECK_OK(cpwl_surface_array(NULL, s, CPWL_SURFACE_VERTICES, &v));
    CHECK(v.ndim == 2 && v.shape[0] == 6 && v.shape[1] == 3 && v.dtype == CPWL_F64);
    for (i = 0; i < 6; i++) {
        const double *x = (const double *)v.data + 3 * i;
        CHECK_NEAR(fabs(x[0]) + fabs(x[1]) + fabs(x[2]), 1, 1e-15);
    }
    CHECK_OK(cpwl_surface_array(NULL, s, CPWL_SURFACE_EDGE_POLYGONS, &v));
    for (i = 0; i < 12; i++) CHECK(((const int32_t *)v.data)[i] == 2);
    cpwl_surface_free(s);
    cpwl_surface_free(NULL);
    options.output = 1;
    CHECK_FAILS(cpwl_surface_new(NULL, net, cube, &options, &s), CPWL_ARGUMENT, "[ARGUMENT] output is 1; *");
    options.output = 0;
    options.level = NAN;
    CHECK_FAILS(cpwl_surface_new(NULL, net, cube, &options, &s), CPWL_NONFINITE, "[NONFINITE] level is NaN; *");
}

static void tetrahedron(const cpwl_network *net) {
    static const int64_t shape[] = {4, 3}, flat[] = {3, 3};
    double v[12] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
    cpwl_tensor vertices = tensor(v, CPWL_F64, 2, shape);
    cpwl_domain *domain = NULL;
    cpwl_partition3d *p = NULL;
    cpwl_partition3d_summary info;
    CHECK_OK(cpwl_domain_polyhedron(NULL, &vertices, &domain));
    CHECK_OK(cpwl_partition3d_new(NULL, net, domain, NULL, &p));
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_partition3d_info(NULL, p, &info));
    CHECK(info.n_regions == 1 && info.n_vertices == 4 && info.n_edges == 6 && info.n_facets == 4);
    CHECK_NEAR(info.volume, 1.0 / 6, 1e-16);
    cpwl_partition3d_free(p);
    cpwl_domain_free(domain);
    vertices.shape = flat;
    CHECK_FAILS(cpwl_domain_polyhedron(NULL, &vertices, &domain), CPWL_ARGUMENT, "[ZERO_AREA] polyhedron: its 3 vertices *");
}

void test_solid(void) {
    static const int64_t three[] = {3}, two[] = {2};
    double lo[3] = {-2, -2, -2}, hi[3] = {2, 2, 2};
    cpwl_tensor low = tensor(lo, CPWL_F64, 1, three), high = tensor(hi, CPWL_F64, 1, three);
    cpwl_network *net = norm1();
    cpwl_domain *cube = NULL, *square = NULL;
    cpwl_partition3d *p = NULL;
    CHECK_OK(cpwl_domain_box(NULL, &low, &high, &cube));
    octants(net, cube);
    octahedron(net, cube);
    tetrahedron(net);
    low.shape = high.shape = two;
    CHECK_OK(cpwl_domain_box(NULL, &low, &high, &square));
    CHECK_FAILS(cpwl_partition3d_new(NULL, net, square, NULL, &p), CPWL_SHAPE, "[SHAPE] the domain has dimension 2; *");
    cpwl_domain_free(square);
    cpwl_domain_free(cube);
    cpwl_network_free(net);
}
