/* Statistics of the unit box cut by its two diagonals: four right triangles with legs sqrt(2), worked out by hand. */
#include "check.h"

static const void *get(const cpwl_statistics *s, int32_t which, int32_t dtype, int64_t rows, int64_t columns) {
    cpwl_tensor t;
    memset(&t, 0, sizeof t);
    CHECK_OK(cpwl_statistics_array(NULL, s, which, &t));
    CHECK(t.dtype == dtype && t.ndim == (columns ? 2 : 1) && t.shape[0] == rows && (!columns || t.shape[1] == columns));
    return t.data;
}

static const double *numbers(const cpwl_statistics *s, int32_t which, int64_t rows, int64_t columns) {
    return (const double *)get(s, which, CPWL_F64, rows, columns);
}

static const int64_t *integers(const cpwl_statistics *s, int32_t which, int64_t rows) {
    return (const int64_t *)get(s, which, CPWL_I64, rows, 0);
}

static cpwl_spread spread(const cpwl_statistics *s, int32_t quantity) {
    cpwl_spread out;
    memset(&out, 0, sizeof out);
    out.struct_size = sizeof out;
    CHECK_OK(cpwl_statistics_spread(NULL, s, quantity, &out));
    return out;
}

static void cells(const cpwl_statistics *s) {
    const double *areas = numbers(s, CPWL_STATISTICS_AREAS, 4, 0), *perimeters = numbers(s, CPWL_STATISTICS_PERIMETERS, 4, 0),
                 *spread_out = numbers(s, CPWL_STATISTICS_ECCENTRICITIES, 4, 0),
                 *moments = numbers(s, CPWL_STATISTICS_MOMENT_ECCENTRICITIES, 4, 0),
                 *inradii = numbers(s, CPWL_STATISTICS_INRADII, 4, 0),
                 *centres = numbers(s, CPWL_STATISTICS_INCENTRES, 4, 2);
    const int64_t *vertices = integers(s, CPWL_STATISTICS_VERTEX_COUNTS, 4);
    const double r2 = sqrt(2), radius = 1 / (1 + r2);
    int i;
    for (i = 0; i < 4; i++) {
        const double *c = centres + 2 * i;
        CHECK_NEAR(areas[i], 1, 1e-15);
        CHECK_NEAR(perimeters[i], 2 + 2 * r2, 1e-15);
        CHECK(vertices[i] == 3);
        CHECK_NEAR(spread_out[i], 2 / (r2 + 1e-10), 1e-14);
        /* variances 1/6 along the side of the box and 1/18 across it */
        CHECK_NEAR(moments[i], sqrt(2.0 / 3), 1e-14);
        CHECK_NEAR(inradii[i], radius, 1e-15);
        CHECK_NEAR(fabs(c[0]) + fabs(c[1]), 1 - radius, 1e-15); /* on an axis, `radius` from the box */
    }
}

static void slopes(const cpwl_statistics *s) {
    const double *spectral = numbers(s, CPWL_STATISTICS_SLOPES_SPECTRAL, 4, 0),
                 *frobenius = numbers(s, CPWL_STATISTICS_SLOPES_FROBENIUS, 4, 0);
    double sum = 0;
    int i;
    for (i = 0; i < 4; i++) {
        CHECK_NEAR(spectral[i], frobenius[i], 1e-15); /* one output */
        sum += frobenius[i] * frobenius[i];
    }
    CHECK_NEAR(sum, 10 + 2 + 0 + 8, 1e-14);
    CHECK_NEAR(spread(s, CPWL_QUANTITY_SLOPE_SPECTRAL).max, sqrt(10), 1e-15);
    CHECK(spread(s, CPWL_QUANTITY_SLOPE_FROBENIUS).min == 0);
}

static void graph(const cpwl_statistics *s) {
    const int64_t *offsets = integers(s, CPWL_STATISTICS_NEIGHBOUR_OFFSETS, 5),
                  *near = integers(s, CPWL_STATISTICS_NEIGHBOURS, 8);
    int i, k;
    for (i = 0; i < 4; i++) {
        CHECK(offsets[i] == 2 * i && offsets[i + 1] == 2 * i + 2);
        for (k = 0; k < 2; k++) {
            const int64_t j = near[2 * i + k];
            CHECK(j != i && (near[2 * j] == i || near[2 * j + 1] == i));
        }
    }
}

static void lines(const cpwl_statistics *s) {
    const int32_t *layer = (const int32_t *)get(s, CPWL_STATISTICS_LINE_LAYER, CPWL_I32, 6, 0);
    const int64_t *unit = integers(s, CPWL_STATISTICS_LINE_UNIT, 6), *offsets = integers(s, CPWL_STATISTICS_LINE_OFFSETS, 7),
                  *edges = integers(s, CPWL_STATISTICS_LINE_EDGES, 8), *added = integers(s, CPWL_STATISTICS_LAYER_CELLS_ADDED, 1);
    const double *length = numbers(s, CPWL_STATISTICS_LINE_LENGTH, 6, 0), *layers = numbers(s, CPWL_STATISTICS_LAYER_LENGTH, 1, 0);
    int i, seen = 0;
    for (i = 0; i < 6; i++) { /* four sides, two diagonals in two pieces each */
        CHECK(layer[i] == (i < 4 ? -1 : 0) && unit[i] == (i < 4 ? i : i - 4));
        CHECK(offsets[i + 1] - offsets[i] == (i < 4 ? 1 : 2));
        CHECK_NEAR(length[i], i < 4 ? 2 : 2 * sqrt(2), 1e-15);
    }
    for (i = 0; i < 8; i++) seen |= 1 << edges[i];
    CHECK(seen == 255);
    CHECK(added[0] == 3);
    CHECK_NEAR(layers[0], 4 * sqrt(2), 1e-15);
}

static void totals(const cpwl_statistics *s) {
    cpwl_statistics_summary info;
    cpwl_spread area;
    memset(&info, 0, sizeof info);
    CHECK_FAILS(cpwl_statistics_info(NULL, s, &info), CPWL_ARGUMENT, "[STRUCT_SIZE] cpwl_statistics_summary: *");
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_statistics_info(NULL, s, &info));
    CHECK(info.n_regions == 4 && info.n_lines == 6);
    CHECK_NEAR(info.edge_length, 8 + 4 * sqrt(2), 1e-14);
    CHECK_NEAR(info.centrality, 4 * sqrt(2) / 5, 1e-15);
    area = spread(s, CPWL_QUANTITY_AREA);
    CHECK_NEAR(area.total, 4, 1e-15);
    CHECK_NEAR(area.mean, 1, 1e-15);
    CHECK_NEAR(area.std, 0, 1e-15);
    CHECK(spread(s, CPWL_QUANTITY_VERTICES).mean == 3 && spread(s, CPWL_QUANTITY_NEIGHBOURS).max == 2);
    CHECK_NEAR(spread(s, CPWL_QUANTITY_PERIMETER).total, 8 + 8 * sqrt(2), 1e-14);
    CHECK_NEAR(spread(s, CPWL_QUANTITY_INRADIUS).min, sqrt(2) - 1, 1e-15);
    CHECK_NEAR(spread(s, CPWL_QUANTITY_MOMENT_ECCENTRICITY).max, sqrt(2.0 / 3), 1e-14);
    CHECK_NEAR(spread(s, CPWL_QUANTITY_ECCENTRICITY).min, 2 / (sqrt(2) + 1e-10), 1e-14);
}

/* The box stretched by 3 along u in the input space: two triangles of two kinds, areas tripled. */
static void ambient(const cpwl_network *net) {
    static const double origin[] = {0, 0}, axes[] = {3, 0, 0, 3}, square[] = {-1, -1, 1, -1, 1, 1, -1, 1};
    static const int64_t two[] = {2}, pair[] = {2, 2}, four[] = {4, 2};
    const cpwl_tensor o = tensor(origin, CPWL_F64, 1, two), t = tensor(axes, CPWL_F64, 2, pair),
                      polygon = tensor(square, CPWL_F64, 2, four);
    cpwl_statistics_options options;
    cpwl_domain *slice = NULL;
    cpwl_partition *p = NULL;
    cpwl_statistics *s = NULL;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.metric = CPWL_METRIC_AMBIENT;
    CHECK_OK(cpwl_domain_slice(NULL, &o, &t, &polygon, &slice));
    CHECK_OK(cpwl_partition_new(NULL, net, slice, NULL, &p));
    CHECK_OK(cpwl_statistics_new(NULL, p, &options, &s));
    CHECK_NEAR(spread(s, CPWL_QUANTITY_AREA).total, 36, 1e-13);
    CHECK_NEAR(spread(s, CPWL_QUANTITY_INRADIUS).max, 3 * (sqrt(2) - 1), 1e-14);
    CHECK_NEAR(spread(s, CPWL_QUANTITY_SLOPE_SPECTRAL).max, sqrt(10), 1e-14); /* per unit of the input */
    options.metric = 3;
    CHECK_FAILS(cpwl_statistics_new(NULL, p, &options, &s), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] metric is 3; expected 0 to 2 (CPWL_METRIC_AMBIENT)");
    cpwl_statistics_free(s);
    cpwl_partition_free(p);
    cpwl_domain_free(slice);
}

static void errors(const cpwl_network *net, const cpwl_domain *box, const cpwl_statistics *s) {
    cpwl_partition_options options;
    cpwl_partition *p = NULL;
    cpwl_statistics *other = NULL;
    cpwl_tensor t;
    cpwl_spread out;
    memset(&options, 0, sizeof options);
    memset(&out, 0, sizeof out);
    out.struct_size = sizeof out;
    options.struct_size = sizeof options;
    options.want = CPWL_WANT_POLYGONS;
    CHECK_OK(cpwl_partition_new(NULL, net, box, &options, &p));
    CHECK_FAILS(cpwl_statistics_new(NULL, p, NULL, &other), CPWL_ARGUMENT,
                "[NOT_STORED] statistics need polygons and mesh; ask for them in `want`");
    cpwl_partition_free(p);
    options.want = CPWL_WANT_MESH;
    CHECK_OK(cpwl_partition_new(NULL, net, box, &options, &p));
    CHECK_OK(cpwl_statistics_new(NULL, p, NULL, &other));
    CHECK_FAILS(cpwl_statistics_array(NULL, other, CPWL_STATISTICS_SLOPES_SPECTRAL, &t), CPWL_ARGUMENT,
                "[NOT_STORED] affine maps were not kept; *");
    CHECK_FAILS(cpwl_statistics_spread(NULL, other, CPWL_QUANTITY_SLOPE_SPECTRAL, &out), CPWL_ARGUMENT,
                "[NOT_STORED] slopes need the affine maps; *");
    cpwl_statistics_free(other);
    cpwl_partition_free(p);
    CHECK_FAILS(cpwl_statistics_array(NULL, s, 19, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 19; expected 1 to 18");
    CHECK_FAILS(cpwl_statistics_spread(NULL, s, 0, &out), CPWL_ARGUMENT, "[UNKNOWN_ENUM] quantity is 0; *");
    CHECK_FAILS(cpwl_statistics_spread(NULL, s, 1, NULL), CPWL_ARGUMENT, "[NULL] out is NULL");
    CHECK_FAILS(cpwl_statistics_new(NULL, NULL, NULL, &other), CPWL_ARGUMENT, "[NULL] partition is NULL");
    CHECK_FAILS(cpwl_statistics_array(NULL, NULL, 1, &t), CPWL_ARGUMENT, "[NULL] statistics is NULL");
}

void test_statistics(void) {
    cpwl_network *net = diagonals(NULL);
    cpwl_domain *box = unit_box(NULL);
    cpwl_partition *p = NULL;
    cpwl_statistics *s = NULL;
    CHECK_OK(cpwl_partition_new(NULL, net, box, NULL, &p));
    CHECK_OK(cpwl_statistics_new(NULL, p, NULL, &s));
    cpwl_partition_free(p); /* the statistics stay */
    cells(s);
    slopes(s);
    graph(s);
    lines(s);
    totals(s);
    ambient(net);
    errors(net, box, s);
    cpwl_statistics_free(s);
    cpwl_statistics_free(NULL);
    cpwl_domain_free(box);
    cpwl_network_free(net);
}
