/* The partition of the unit box by its two diagonals, and boundaries on it, worked out by hand. */
#include "check.h"

static cpwl_tensor get(const cpwl_partition *p, int32_t which, int32_t dtype, int32_t ndim, int64_t a, int64_t b, int64_t c) {
    cpwl_tensor t;
    const int64_t shape[3] = {a, b, c};
    int i;
    memset(&t, 0, sizeof t);
    CHECK_OK(cpwl_partition_array(NULL, p, which, &t));
    CHECK(t.dtype == dtype && t.ndim == ndim && t.byte_offset == 0 && t.strides == NULL && t.device == CPWL_DEVICE_CPU);
    for (i = 0; i < ndim; i++) CHECK(t.shape[i] == shape[i]);
    return t;
}

/* Which of the four triangles a cell is, by its centroid: 0 east, 1 north, 2 west, 3 south. */
static int triangle(const double *c) {
    return fabs(c[0]) > fabs(c[1]) ? (c[0] > 0 ? 0 : 2) : (c[1] > 0 ? 1 : 3);
}

static void cells(const cpwl_partition *p) {
    static const double slope[4][2] = {{3, -1}, {1, 1}, {0, 0}, {2, -2}}, middle[4][2] = {{2, 0}, {0, 2}, {-2, 0}, {0, -2}};
    static const uint8_t codes[4][2] = {{1, 1}, {1, 0}, {0, 0}, {0, 1}};
    static const int64_t four_units[] = {4, 2};
    uint8_t pattern[8];
    cpwl_tensor out = tensor(pattern, CPWL_U8, 2, four_units);
    const double *areas = (const double *)get(p, CPWL_PARTITION_AREAS, CPWL_F64, 1, 4, 0, 0).data,
                 *centroids = (const double *)get(p, CPWL_PARTITION_CENTROIDS, CPWL_F64, 2, 4, 2, 0).data,
                 *a = (const double *)get(p, CPWL_PARTITION_MAP_A, CPWL_F64, 3, 4, 1, 2).data,
                 *b = (const double *)get(p, CPWL_PARTITION_MAP_B, CPWL_F64, 2, 4, 1, 0).data;
    int i, k, seen = 0;
    CHECK_OK(cpwl_partition_patterns(NULL, p, 0, 4, &out));
    for (i = 0; i < 4; i++) {
        const int t = triangle(centroids + 2 * i);
        seen |= 1 << t;
        CHECK_NEAR(areas[i], 1, 1e-15);
        CHECK_NEAR(b[i], 0.5, 1e-15);
        for (k = 0; k < 2; k++) {
            CHECK_NEAR(centroids[2 * i + k], middle[t][k] / 3, 1e-15);
            CHECK_NEAR(a[2 * i + k], slope[t][k], 1e-15);
            CHECK(pattern[2 * i + k] == codes[t][k]);
        }
    }
    CHECK(seen == 15);
    CHECK_FAILS(cpwl_partition_patterns(NULL, p, 2, 3, &out), CPWL_ARGUMENT,
                "[ARGUMENT] first is 2 and count is 3; the partition has 4 cells");
    CHECK_FAILS(cpwl_partition_patterns(NULL, p, -1, 1, &out), CPWL_ARGUMENT, "[ARGUMENT] first is -1 and count is 1; *");
    CHECK_FAILS(cpwl_partition_patterns(NULL, p, 0, 3, &out), CPWL_SHAPE,
                "[SHAPE] codes has shape [4, 2]; expected [3, 2]: (count, n_units)");
}

static void mesh(const cpwl_partition *p) {
    const double *v = (const double *)get(p, CPWL_PARTITION_VERTICES, CPWL_F64, 2, 5, 2, 0).data,
                 *polygons = (const double *)get(p, CPWL_PARTITION_POLYGONS, CPWL_F64, 2, 12, 2, 0).data;
    const int64_t *offsets = (const int64_t *)get(p, CPWL_PARTITION_CELL_OFFSETS, CPWL_I64, 1, 5, 0, 0).data,
                  *corners = (const int64_t *)get(p, CPWL_PARTITION_CELL_VERTICES, CPWL_I64, 1, 12, 0, 0).data,
                  *sides = (const int64_t *)get(p, CPWL_PARTITION_CELL_EDGES, CPWL_I64, 1, 12, 0, 0).data,
                  *edges = (const int64_t *)get(p, CPWL_PARTITION_EDGES, CPWL_I64, 2, 8, 2, 0).data,
                  *across = (const int64_t *)get(p, CPWL_PARTITION_EDGE_CELLS, CPWL_I64, 2, 8, 2, 0).data,
                  *unit = (const int64_t *)get(p, CPWL_PARTITION_EDGE_UNIT, CPWL_I64, 1, 8, 0, 0).data,
                  *layer_cells = (const int64_t *)get(p, CPWL_PARTITION_LAYER_CELLS, CPWL_I64, 1, 1, 0, 0).data;
    const int32_t *layer = (const int32_t *)get(p, CPWL_PARTITION_EDGE_LAYER, CPWL_I32, 1, 8, 0, 0).data,
                  *knot = (const int32_t *)get(p, CPWL_PARTITION_EDGE_KNOT, CPWL_I32, 1, 8, 0, 0).data;
    int i, k, centre = 0, outside = 0;
    CHECK(layer_cells[0] == 4);
    for (i = 0; i < 5; i++) {
        centre += v[2 * i] == 0 && v[2 * i + 1] == 0;
        CHECK((v[2 * i] == 0 && v[2 * i + 1] == 0) || (fabs(v[2 * i]) == 1 && fabs(v[2 * i + 1]) == 1));
    }
    CHECK(centre == 1);
    for (i = 0; i < 5; i++) CHECK(offsets[i] == 3 * i);
    for (i = 0; i < 4; i++)
        for (k = 0; k < 3; k++) {
            const int64_t at = 3 * i + k, next = 3 * i + (k + 1) % 3, *edge = edges + 2 * sides[at];
            const double *a = polygons + 2 * at, *b = polygons + 2 * next, *c = polygons + 2 * (3 * i + (k + 2) % 3);
            CHECK(memcmp(a, v + 2 * corners[at], 2 * sizeof(double)) == 0);
            CHECK((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0); /* counter-clockwise */
            CHECK((edge[0] == corners[at] && edge[1] == corners[next]) ||
                  (edge[1] == corners[at] && edge[0] == corners[next]));
            CHECK(across[2 * sides[at]] == i || across[2 * sides[at] + 1] == i);
        }
    for (i = 0; i < 8; i++) {
        const double *a = v + 2 * edges[2 * i], *b = v + 2 * edges[2 * i + 1];
        const int boundary = across[2 * i] < 0 || across[2 * i + 1] < 0;
        outside += boundary;
        CHECK(layer[i] == (boundary ? -1 : 0) && knot[i] == 0);
        /* unit 0 is u + v, unit 1 is u - v: each vanishes on the edges that it made */
        if (!boundary) CHECK(unit[i] == 0 ? a[0] + a[1] == 0 && b[0] + b[1] == 0 : a[0] == a[1] && b[0] == b[1]);
    }
    CHECK(outside == 4);
}

static void summary(const cpwl_partition *p) {
    cpwl_partition_summary info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_partition_info(NULL, p, &info));
    CHECK(info.n_regions == 4 && info.n_vertices == 5 && info.n_edges == 8 && info.n_cell_vertices == 12);
    CHECK(info.n_outputs == 1 && info.n_units == 2 && info.n_unit_layers == 1);
    CHECK_NEAR(info.area, 4, 1e-15);
    CHECK(info.domain_area == 4 && info.vertex_error < 1e-12);
    CHECK(info.exact_signs > 0); /* the diagonals run exactly through the corners */
}

static void locations(const cpwl_partition *p) {
    static const double points[] = {0.5, 0, 0, 0.5, -0.5, 0, 0, -0.5, 2, 0};
    static const int64_t five[] = {5, 2}, five_cells[] = {5};
    const double *centroids = (const double *)get(p, CPWL_PARTITION_CENTROIDS, CPWL_F64, 2, 4, 2, 0).data;
    int64_t cells[5];
    int32_t cells32[5];
    const cpwl_tensor at = tensor(points, CPWL_F64, 2, five);
    cpwl_tensor out = tensor(cells, CPWL_I64, 1, five_cells);
    int i;
    CHECK_OK(cpwl_partition_locate(NULL, p, &at, &out));
    for (i = 0; i < 4; i++) CHECK(triangle(centroids + 2 * cells[i]) == i);
    CHECK(cells[4] == -1);
    out = tensor(cells32, CPWL_I32, 1, five_cells);
    CHECK_OK(cpwl_partition_locate(NULL, p, &at, &out));
    for (i = 0; i < 5; i++) CHECK(cells32[i] == cells[i]);
    out = tensor(cells32, CPWL_F32, 1, five_cells);
    CHECK_FAILS(cpwl_partition_locate(NULL, p, &at, &out), CPWL_DTYPE, "[DTYPE] cells has dtype f32; expected i64, i32");
}

static cpwl_boundary_summary boundary_summary(const cpwl_boundary *b) {
    cpwl_boundary_summary info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_boundary_info(NULL, b, &info));
    return info;
}

/* relu(s) + 2 relu(d) + 1/2 = 3/2 with s = u + v, d = u - v: three segments between (0, 1), (1/2, 1/2), (1/4, -1/4) and
 * (-1/2, -1). */
static void level_set(const cpwl_partition *p) {
    static const double ends[4][2] = {{0, 1}, {0.5, 0.5}, {0.25, -0.25}, {-0.5, -1}};
    cpwl_boundary_options o;
    cpwl_boundary *b = NULL;
    cpwl_boundary_summary info;
    cpwl_tensor segments, labels, on_edge;
    int i, k, used[4] = {0, 0, 0, 0};
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.mode = CPWL_BOUNDARY_MODE_LEVEL_SET;
    o.level = 1.5;
    CHECK_OK(cpwl_boundary_new(NULL, p, &o, &b));
    info = boundary_summary(b);
    CHECK(info.n_segments == 3 && info.n_flat_cells == 0 && info.on_edge_length == 0);
    CHECK_NEAR(info.interior_length, sqrt(0.5) + sqrt(0.625) + sqrt(1.125), 1e-15);
    CHECK_OK(cpwl_boundary_array(NULL, b, CPWL_BOUNDARY_SEGMENTS, &segments));
    CHECK_OK(cpwl_boundary_array(NULL, b, CPWL_BOUNDARY_LABELS, &labels));
    CHECK_OK(cpwl_boundary_array(NULL, b, CPWL_BOUNDARY_ON_EDGE, &on_edge));
    CHECK(segments.ndim == 3 && segments.shape[0] == 3 && segments.shape[1] == 2 && segments.shape[2] == 2);
    for (i = 0; i < 6; i++)
        for (k = 0; k < 4; k++) {
            const double *end = (const double *)segments.data + 2 * i;
            used[k] += fabs(end[0] - ends[k][0]) < 1e-15 && fabs(end[1] - ends[k][1]) < 1e-15;
        }
    CHECK(used[0] == 1 && used[1] == 2 && used[2] == 2 && used[3] == 1);
    for (i = 0; i < 3; i++) {
        CHECK(((const int32_t *)labels.data)[2 * i] == 0 && ((const int32_t *)labels.data)[2 * i + 1] == -1);
        CHECK(((const uint8_t *)on_edge.data)[i] == 0);
    }
    CHECK_FAILS(cpwl_boundary_array(NULL, b, 14, &segments), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] which is 14; expected 1 to 13");
    cpwl_boundary_free(b);
    b = NULL;

    o.level = 0.5; /* the western triangle lies in the level set */
    CHECK_OK(cpwl_boundary_new(NULL, p, &o, &b));
    CHECK(boundary_summary(b).n_flat_cells == 1);
    cpwl_boundary_free(b);
    b = NULL;

    o.output = 1;
    CHECK_FAILS(cpwl_boundary_new(NULL, p, &o, &b), CPWL_ARGUMENT,
                "[ARGUMENT] output is 1; the network has 1 outputs, counted from 0");
    o.output = 0, o.level = NAN;
    CHECK_FAILS(cpwl_boundary_new(NULL, p, &o, &b), CPWL_NONFINITE, "[NONFINITE] level is NaN; expected a finite number");
    o.mode = 4;
    CHECK_FAILS(cpwl_boundary_new(NULL, p, &o, &b), CPWL_ARGUMENT, "[UNKNOWN_ENUM] mode is 4; *");
    CHECK_FAILS(cpwl_boundary_new(NULL, p, NULL, &b), CPWL_ARGUMENT, "[ARGUMENT] the network has one output*");
    CHECK(b == NULL);
}

/* Outputs relu(u), relu(v): class 0 wins where u >= v or both are off. */
static void argmax(void) {
    static const double eye[] = {1, 0, 0, 1};
    static const int64_t two[] = {2}, square[] = {2, 2};
    const cpwl_tensor w = tensor(eye, CPWL_F64, 2, square);
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    cpwl_domain *box = unit_box(NULL);
    cpwl_partition *p = NULL;
    cpwl_boundary *b = NULL;
    cpwl_boundary_summary info;
    CHECK_OK(cpwl_network_builder_new(NULL, two, 1, &builder));
    CHECK_OK(cpwl_network_builder_activation(NULL, builder, -1, CPWL_RELU, NULL, NULL));
    CHECK_OK(cpwl_network_builder_dense(NULL, builder, -1, &w, NULL, NULL));
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    CHECK_OK(cpwl_partition_new(NULL, net, box, NULL, &p));
    /* results do not need what they were made from */
    cpwl_network_builder_free(builder);
    cpwl_network_free(net);
    cpwl_domain_free(box);
    CHECK_OK(cpwl_boundary_new(NULL, p, NULL, &b));
    cpwl_partition_free(p);
    info = boundary_summary(b);
    CHECK_NEAR(info.interior_length, sqrt(2), 1e-15); /* u = v > 0 */
    CHECK_NEAR(info.on_edge_length, 1, 1e-15);        /* v = 0 > u */
    cpwl_boundary_free(b);
    cpwl_boundary_free(NULL);
}

static void parts(const cpwl_network *net, const cpwl_domain *box) {
    cpwl_partition_options o;
    cpwl_partition_summary info;
    cpwl_partition *p = NULL;
    cpwl_tensor t;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.want = CPWL_WANT_COUNT_ONLY;
    CHECK_OK(cpwl_partition_new(NULL, net, box, &o, &p));
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(cpwl_partition_info(NULL, p, &info));
    CHECK(info.n_regions == 4 && info.n_vertices == 0);
    CHECK_NEAR(info.area, 4, 1e-15);
    CHECK_FAILS(cpwl_partition_array(NULL, p, CPWL_PARTITION_AREAS, &t), CPWL_ARGUMENT,
                "[NOT_STORED] polygons were not kept; ask for them in `want`");
    CHECK_FAILS(cpwl_partition_array(NULL, p, 16, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 16; expected 1 to 15");
    CHECK_FAILS(cpwl_partition_array(NULL, p, 0, &t), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 0; expected 1 to 15");
    CHECK_FAILS(cpwl_partition_write_svg(NULL, p, NULL, NULL, "never.svg"), CPWL_ARGUMENT, "[NOT_STORED] *");
    cpwl_partition_free(p);
    p = NULL;
    o.want = CPWL_WANT_PATTERNS;
    CHECK_OK(cpwl_partition_new(NULL, net, box, &o, &p));
    CHECK_FAILS(cpwl_partition_array(NULL, p, CPWL_PARTITION_EDGES, &t), CPWL_ARGUMENT, "[NOT_STORED] edges were *");
    cpwl_partition_free(p);
    p = NULL;
    o.want = CPWL_WANT_COUNT_ONLY | CPWL_WANT_MAPS;
    CHECK_FAILS(cpwl_partition_new(NULL, net, box, &o, &p), CPWL_ARGUMENT,
                "[ARGUMENT] want is 0x80000004; CPWL_WANT_COUNT_ONLY stands alone");
    o.want = 16;
    CHECK_FAILS(cpwl_partition_new(NULL, net, box, &o, &p), CPWL_UNSUPPORTED, "[UNKNOWN_OPTION] want is 0x10; *");
    o.want = 0, o.flags = 1;
    CHECK_FAILS(cpwl_partition_new(NULL, net, box, &o, &p), CPWL_UNSUPPORTED, "[UNKNOWN_OPTION] flags is 0x1; expected 0");
    o.flags = 0, o.max_regions = 3;
    CHECK_FAILS(cpwl_partition_new(NULL, net, box, &o, &p), CPWL_LIMIT, "[MAX_REGIONS] *");
    CHECK_FAILS(cpwl_partition_new(NULL, NULL, box, NULL, &p), CPWL_ARGUMENT, "[NULL] net is NULL");
    CHECK_FAILS(cpwl_partition_new(NULL, net, NULL, NULL, &p), CPWL_ARGUMENT, "[NULL] domain is NULL");
    CHECK(p == NULL);
    o.max_regions = 4;
    CHECK_OK(cpwl_partition_new(NULL, net, box, &o, &p));
    cpwl_partition_free(p);
}

/* max(u, v): two triangles. */
static void maximum(const cpwl_domain *box) {
    static const int64_t two[] = {2};
    cpwl_network_builder *builder = NULL;
    cpwl_network *net = NULL;
    cpwl_partition *p = NULL;
    CHECK_OK(cpwl_network_builder_new(NULL, two, 1, &builder));
    CHECK_OK(cpwl_network_builder_maxout(NULL, builder, -1, 2, NULL));
    CHECK_OK(cpwl_network_builder_name(NULL, builder, -1, "peak"));
    CHECK_OK(cpwl_network_builder_finish(NULL, builder, -1, &net));
    CHECK_OK(cpwl_partition_new(NULL, net, box, NULL, &p));
    get(p, CPWL_PARTITION_VERTICES, CPWL_F64, 2, 4, 2, 0);
    get(p, CPWL_PARTITION_EDGES, CPWL_I64, 2, 5, 2, 0);
    CHECK(((const double *)get(p, CPWL_PARTITION_AREAS, CPWL_F64, 1, 2, 0, 0).data)[0] == 2);
    cpwl_partition_free(p);
    cpwl_network_builder_free(builder);
    cpwl_network_free(net);
}

static void pictures(const cpwl_partition *p) {
    static const char path[] = "cpwl-test.svg";
    char text[4096];
    cpwl_svg_options o;
    FILE *file;
    size_t n;
    int cells = 0;
    const char *at;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.width = 300;
    o.color = CPWL_COLOR_PATTERN;
    CHECK_OK(cpwl_partition_write_svg(NULL, p, NULL, &o, path));
    file = fopen(path, "rb");
    CHECK(file != NULL);
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    remove(path);
    text[n] = 0;
    CHECK(strncmp(text, "<svg ", 5) == 0 && strstr(text, "width=\"300\"") != NULL && strstr(text, "</svg>") != NULL);
    for (at = text; (at = strstr(at, "<path ")) != NULL; at++) cells++;
    CHECK(cells == 4);
    o.color = 5;
    CHECK_FAILS(cpwl_partition_write_svg(NULL, p, NULL, &o, path), CPWL_ARGUMENT, "[UNKNOWN_ENUM] color is 5; *");
    o.color = 0, o.width = -1;
    CHECK_FAILS(cpwl_partition_write_svg(NULL, p, NULL, &o, path), CPWL_ARGUMENT, "[ARGUMENT] width is -1; *");
    CHECK_FAILS(cpwl_partition_write_svg(NULL, p, NULL, NULL, "/no/such/folder/x.svg"), CPWL_IO,
                "[IO] path /no/such/folder/x.svg: *");
}

void test_partition(void) {
    cpwl_network *net = diagonals(NULL);
    cpwl_domain *box = unit_box(NULL);
    cpwl_partition *p = NULL;
    CHECK_OK(cpwl_partition_new(NULL, net, box, NULL, &p));
    summary(p);
    cells(p);
    mesh(p);
    locations(p);
    level_set(p);
    pictures(p);
    parts(net, box);
    maximum(box);
    cpwl_partition_free(p);
    cpwl_partition_free(NULL);
    cpwl_domain_free(box);
    cpwl_network_free(net);
    argmax();
}
