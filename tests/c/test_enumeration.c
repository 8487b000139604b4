/* Regions in d dimensions, the domains for them, and local complexity: the coordinate hyperplanes, whose every number is
 * known. */
#include "check.h"

enum { D = 4 };

static const int64_t one_d[] = {D}, square[] = {D, D};

/* D ReLUs, unit i on where x_i > 0, and their sum. */
static cpwl_network *orthants(void) {
    static double eye[D * D], sum[D];
    static const int64_t row[] = {1, D};
    const cpwl_tensor w1 = tensor(eye, CPWL_F64, 2, square), w2 = tensor(sum, CPWL_F64, 2, row);
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    int i;
    for (i = 0; i < D; i++) eye[i * (D + 1)] = sum[i] = 1;
    CHECK_OK(cpwl_network_builder_new(NULL, one_d, 1, &builder));
    CHECK_OK(cpwl_network_builder_dense(NULL, builder, -1, &w1, NULL, NULL));
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_RELU, NULL, NULL));
    CHECK_OK(cpwl_network_builder_dense(NULL, builder, -1, &w2, NULL, NULL));
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    cpwl_network_builder_free(builder);
    return net;
}

/* The number of regions on `domain`, which is freed. */
static int64_t regions_of(const cpwl_network *net, cpwl_domain *domain) {
    cpwl_enumeration *e = NULL;
    cpwl_enumeration_options opts;
    cpwl_enumeration_summary info;
    memset(&opts, 0, sizeof opts);
    memset(&info, 0, sizeof info);
    opts.struct_size = sizeof opts;
    info.struct_size = sizeof info;
    opts.want = CPWL_WANT_COUNT_ONLY;
    CHECK_OK(cpwl_enumeration_new(NULL, net, domain, &opts, &e));
    cpwl_domain_free(domain);
    CHECK_OK(cpwl_enumeration_info(NULL, e, &info));
    CHECK(info.complete == 1 && info.dim == D && info.n_units == D && info.n_unit_layers == 1 && info.n_outputs == 1);
    CHECK(info.n_facets == 0 && info.tolerance == 1e-10 && info.smallest_crossing > 1e-3 && info.largest_touch < 1e-12);
    cpwl_enumeration_free(e);
    return info.n_regions;
}

static cpwl_domain *cube(double half) {
    static double lo[D], hi[D];
    const cpwl_tensor l = tensor(lo, CPWL_F64, 1, one_d), h = tensor(hi, CPWL_F64, 1, one_d);
    cpwl_domain *domain = NULL;
    int i;
    for (i = 0; i < D; i++) lo[i] = -half, hi[i] = half;
    CHECK_OK(cpwl_domain_box(NULL, &l, &h, &domain));
    return domain;
}

static void domains(const cpwl_network *net) {
    /* The corner of the positive orthant, moved down by 1/8 along every axis: 16 orthants meet it. */
    static double corners[(D + 1) * D], halves[D * D], levels[D], center[D], flat[(D + 1) * D];
    static const int64_t simplex[] = {D + 1, D}, many[] = {7};
    static const double origin[7] = {0}, axes[D * 7] = {1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
                                                  0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
    static const int64_t axes_shape[] = {D, 7};
    const cpwl_tensor v = tensor(corners, CPWL_F64, 2, simplex), a = tensor(halves, CPWL_F64, 2, square),
                      b = tensor(levels, CPWL_F64, 1, one_d), c = tensor(center, CPWL_F64, 1, one_d),
                      f = tensor(flat, CPWL_F64, 2, simplex), o = tensor(origin, CPWL_F64, 1, many),
                      x = tensor(axes, CPWL_F64, 2, axes_shape), r = tensor(levels, CPWL_F64, 1, simplex);
    cpwl_domain *domain = NULL, *slice = NULL;
    cpwl_domain_summary info;
    cpwl_enumeration *e = NULL;
    cpwl_partition *partition = NULL;
    int i, j;
    for (i = 0; i <= D; i++)
        for (j = 0; j < D; j++) corners[i * D + j] = (i == j + 1) - 0.125;
    for (i = 0; i < D; i++) halves[i * (D + 1)] = 1, levels[i] = 0.5;
    CHECK_OK(cpwl_domain_simplex(NULL, &v, &domain));
    CHECK(regions_of(net, domain) == 16);
    CHECK_FAILS(cpwl_domain_simplex(NULL, &f, &domain), CPWL_ARGUMENT, "[ZERO_AREA] simplex: the vertices lie in a hyperplane");
    CHECK_OK(cpwl_domain_polytope(NULL, &a, &b, &domain)); /* x <= 1/2, unbounded */
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_domain_info(NULL, domain, &info));
    CHECK(info.dim == D && info.n_inputs == D && info.bounded == 0 && info.plane == 0);
    CHECK(regions_of(net, domain) == 16);
    CHECK_FAILS(cpwl_domain_polytope(NULL, &a, &r, &domain), CPWL_SHAPE, "[SHAPE] b has shape [5]; expected [4]: (m)");
    CHECK_OK(cpwl_domain_ball(NULL, &c, 0.5, &domain));
    CHECK(regions_of(net, domain) == 16);
    CHECK_FAILS(cpwl_domain_ball(NULL, &c, 0, &domain), CPWL_ARGUMENT, "[ZERO_AREA] ball: radius is 0; expected a number > 0");
    for (i = 0; i < D; i++) center[i] = 0.5;
    CHECK_OK(cpwl_domain_ball(NULL, &c, 0.8, &domain)); /* as many coordinates below 0 as have squares of 1/4 below 0.64 */
    CHECK(regions_of(net, domain) == 1 + 4 + 6);
    CHECK_OK(cpwl_domain_space(NULL, D, &domain));
    CHECK(regions_of(net, domain) == 16);
    CHECK_FAILS(cpwl_domain_space(NULL, 0, &domain), CPWL_SHAPE, "[SHAPE] space: dimension 0; expected 1 to 64");
    /* A slice of an input space of 7 elements does not fit this network, and a box of 4 is no plane. */
    domain = cube(1);
    CHECK_OK(cpwl_domain_embed(NULL, domain, &o, &x, &slice));
    CHECK_OK(cpwl_domain_info(NULL, slice, &info));
    CHECK(info.dim == D && info.n_inputs == 7 && info.bounded == 1);
    CHECK_FAILS(cpwl_enumeration_new(NULL, net, slice, NULL, &e), CPWL_SHAPE,
                "[SHAPE] slice: origin has 7 elements; the network takes 4");
    CHECK_FAILS(cpwl_domain_embed(NULL, domain, &o, &v, &slice), CPWL_SHAPE,
                "[SHAPE] axes has shape [5, 4]; expected (4, D), an axis for each coordinate of the domain");
    CHECK_FAILS(cpwl_partition_new(NULL, net, domain, NULL, &partition), CPWL_SHAPE,
                "[SHAPE] the domain has dimension 4; expected a plane domain");
    cpwl_domain_free(domain);
    cpwl_domain_free(slice);
    CHECK(e == NULL && partition == NULL);
}

static void arrays(const cpwl_network *net) {
    cpwl_domain *domain = cube(2);
    cpwl_enumeration *e = NULL;
    cpwl_enumeration_options opts;
    cpwl_enumeration_summary info;
    cpwl_tensor t;
    static int32_t codes[16 * D];
    static int64_t regions[16];
    static const int64_t all[] = {16, D}, n[] = {16}, wrong[] = {16, D - 1};
    cpwl_tensor c = tensor(codes, CPWL_I32, 2, all), r = tensor(regions, CPWL_I64, 1, n), bad = tensor(codes, CPWL_I32, 2, wrong);
    const double *centers, *volumes, *normals;
    const int64_t *offsets, *across;
    int i, j, h;
    memset(&opts, 0, sizeof opts);
    memset(&info, 0, sizeof info);
    opts.struct_size = sizeof opts;
    info.struct_size = sizeof info;
    opts.want = CPWL_WANT_PATTERNS | CPWL_WANT_MAPS | CPWL_WANT_FACETS | CPWL_WANT_CENTERS | CPWL_WANT_VOLUMES;
    CHECK_OK(cpwl_enumeration_new(NULL, net, domain, &opts, &e));
    CHECK_OK(cpwl_enumeration_info(NULL, e, &info));
    CHECK(info.n_regions == 16 && info.n_facets == 16 * 2 * D);
    CHECK_NEAR(info.smallest_radius, 1, 1e-15);
    CHECK_OK(cpwl_enumeration_patterns(NULL, e, 0, 16, &c));
    CHECK_FAILS(cpwl_enumeration_patterns(NULL, e, 1, 16, &c), CPWL_ARGUMENT,
                "[ARGUMENT] first is 1 and count is 16; the enumeration has 16 regions");
    CHECK_FAILS(cpwl_enumeration_patterns(NULL, e, 0, 16, &bad), CPWL_SHAPE, "[SHAPE] *");
    CHECK_OK(cpwl_enumeration_array(NULL, e, CPWL_ENUMERATION_CENTERS, &t));
    CHECK(t.ndim == 2 && t.shape[0] == 16 && t.shape[1] == D);
    centers = (const double *)t.data;
    CHECK_OK(cpwl_enumeration_locate(NULL, e, &t, &r));
    for (i = 0; i < 16; i++) {
        CHECK(regions[i] == i);
        for (j = 0; j < D; j++) CHECK_NEAR(centers[i * D + j], codes[i * D + j] ? 1.0 : -1.0, 1e-14);
    }
    CHECK_OK(cpwl_enumeration_array(NULL, e, CPWL_ENUMERATION_VOLUMES, &t));
    volumes = (const double *)t.data;
    CHECK_OK(cpwl_enumeration_array(NULL, e, CPWL_ENUMERATION_FACET_OFFSETS, &t));
    offsets = (const int64_t *)t.data;
    CHECK_OK(cpwl_enumeration_array(NULL, e, CPWL_ENUMERATION_FACET_NORMALS, &t));
    normals = (const double *)t.data;
    CHECK(t.shape[0] == info.n_facets && t.shape[1] == D);
    CHECK_OK(cpwl_enumeration_array(NULL, e, CPWL_ENUMERATION_NEIGHBOURS, &t));
    across = (const int64_t *)t.data;
    for (i = 0; i < 16; i++) {
        CHECK_NEAR(volumes[i], 16, 1e-13);
        for (h = (int)offsets[i]; h < offsets[i + 1]; h++)
            for (j = 0; j < D; j++) /* across a facet along axis j only unit j differs */
                if (across[h] >= 0) CHECK((normals[h * D + j] != 0) == (codes[i * D + j] != codes[across[h] * D + j]));
    }
    CHECK_OK(cpwl_enumeration_array(NULL, e, CPWL_ENUMERATION_LAYER_CELLS, &t));
    CHECK(t.shape[0] == 1 && *(const int64_t *)t.data == 16);
    CHECK_FAILS(cpwl_enumeration_array(NULL, e, 99, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 99; expected 1 to 13");
    cpwl_enumeration_free(e);
    e = NULL;
    opts.want = CPWL_WANT_COUNT_ONLY;
    opts.max_regions = 5;
    CHECK_FAILS(cpwl_enumeration_new(NULL, net, domain, &opts, &e), CPWL_LIMIT,
                "[MAX_REGIONS] enumeration: more than max_regions = 5 regions");
    opts.flags = CPWL_ENUMERATION_KEEP_PARTIAL;
    CHECK_OK(cpwl_enumeration_new(NULL, net, domain, &opts, &e));
    CHECK_OK(cpwl_enumeration_info(NULL, e, &info));
    CHECK(info.n_regions == 5 && info.complete == 0);
    CHECK_FAILS(cpwl_enumeration_array(NULL, e, CPWL_ENUMERATION_RADII, &t), CPWL_ARGUMENT,
                "[NOT_STORED] interior points were not kept; ask for them in `want`");
    cpwl_enumeration_free(e);
    cpwl_enumeration_free(NULL);
    e = NULL;
    opts.flags = 2;
    CHECK_FAILS(cpwl_enumeration_new(NULL, net, domain, &opts, &e), CPWL_UNSUPPORTED, "[UNKNOWN_OPTION] flags is 0x2; *");
    opts.flags = 0;
    opts.tolerance = 1;
    CHECK_FAILS(cpwl_enumeration_new(NULL, net, domain, &opts, &e), CPWL_ARGUMENT, "[ARGUMENT] tolerance is 1; *");
    opts.tolerance = 0;
    opts.want = CPWL_WANT_MESH;
    CHECK_FAILS(cpwl_enumeration_new(NULL, net, domain, &opts, &e), CPWL_UNSUPPORTED, "[UNKNOWN_OPTION] want is 0x8; *");
    CHECK(e == NULL);
    cpwl_domain_free(domain);
}

static void complexity(const cpwl_network *net) {
    /* At the origin every unit changes; far along all axes none does; next to k hyperplanes, k do. */
    static const double x[3 * D] = {0, 0, 0, 0, 9, 9, 9, 9, 0.01, 9, -0.01, 9};
    static const int64_t batch[] = {3, D}, counts_shape[] = {3, 1};
    static int64_t counts[3];
    const cpwl_tensor in = tensor(x, CPWL_F64, 2, batch);
    cpwl_tensor out = tensor(counts, CPWL_I64, 2, counts_shape);
    cpwl_complexity_options opts;
    memset(&opts, 0, sizeof opts);
    opts.struct_size = sizeof opts;
    opts.radius = 1;
    CHECK_OK(cpwl_network_local_complexity(NULL, net, &in, &opts, &out));
    CHECK(counts[0] == D && counts[1] == 0 && counts[2] == 2);
    opts.n_dirs = D + 1;
    CHECK_FAILS(cpwl_network_local_complexity(NULL, net, &in, &opts, &out), CPWL_ARGUMENT,
                "[ARGUMENT] n_dirs is 5; expected 1 to 4, the number of inputs");
    opts.n_dirs = 0;
    opts.radius = 0;
    CHECK_FAILS(cpwl_network_local_complexity(NULL, net, &in, &opts, &out), CPWL_ARGUMENT, "[ARGUMENT] radius is 0; *");
    CHECK_FAILS(cpwl_network_local_complexity(NULL, net, &in, NULL, &out), CPWL_ARGUMENT, "[NULL] *");
}

void test_enumeration(void) {
    cpwl_network *net = orthants();
    domains(net);
    arrays(net);
    complexity(net);
    cpwl_network_free(net);
}
