/* Streams, tiles and ways to merge cells: the partition of the unit box by its two diagonals, in pieces. */
#include "check.h"

typedef struct {
    int calls, cells, stop_after;
    double area;
} seen_t;

static int32_t take(const cpwl_chunk *chunk, int64_t first, int64_t n_cells, void *userdata) {
    seen_t *seen = (seen_t *)userdata;
    cpwl_tensor areas, keys, codes, offsets;
    int64_t i;
    CHECK(first == seen->cells);
    CHECK_OK(cpwl_chunk_array(NULL, chunk, CPWL_CHUNK_AREAS, &areas));
    CHECK_OK(cpwl_chunk_array(NULL, chunk, CPWL_CHUNK_CELL_OFFSETS, &offsets));
    CHECK_OK(cpwl_chunk_array(NULL, chunk, CPWL_CHUNK_VERTEX_KEYS, &keys));
    CHECK_OK(cpwl_chunk_array(NULL, chunk, CPWL_CHUNK_PATTERNS, &codes));
    CHECK(areas.dtype == CPWL_F64 && areas.ndim == 1 && areas.shape[0] == n_cells);
    CHECK(offsets.shape[0] == n_cells + 1 && keys.shape[1] == 2);
    CHECK(keys.shape[0] == ((const int64_t *)offsets.data)[n_cells]);
    CHECK(codes.dtype == CPWL_U8 && codes.shape[0] == n_cells && codes.shape[1] == 2);
    CHECK_FAILS(cpwl_chunk_array(NULL, chunk, 99, &areas), CPWL_ARGUMENT, "[UNKNOWN_ENUM] which is 99; expected 1 to 10");
    for (i = 0; i < n_cells; i++) seen->area += ((const double *)areas.data)[i];
    seen->cells += (int)n_cells;
    seen->calls++;
    return seen->stop_after && seen->calls >= seen->stop_after;
}

static void streams(const cpwl_network *net, const cpwl_domain *box) {
    seen_t seen = {0, 0, 0, 0};
    cpwl_stream_options opts;
    cpwl_stream_summary summary;
    int64_t layer_cells = 0;
    memset(&opts, 0, sizeof opts);
    opts.struct_size = sizeof opts;
    opts.chunk_regions = 1;
    summary.struct_size = sizeof summary;
    CHECK_OK(cpwl_partition_stream(NULL, net, box, &opts, take, &seen, &layer_cells, &summary));
    CHECK(seen.cells == 4 && seen.calls >= 2 && seen.area == 4);
    CHECK(summary.n_regions == 4 && summary.n_unit_layers == 1 && layer_cells == 4 && summary.area == 4);
    CHECK(summary.domain_area == 4 && summary.filter_signs > 0);
    memset(&seen, 0, sizeof seen);
    CHECK_OK(cpwl_partition_stream(NULL, net, box, NULL, take, &seen, NULL, NULL));
    CHECK(seen.calls == 1 && seen.cells == 4);
    memset(&seen, 0, sizeof seen);
    seen.stop_after = 1;
    CHECK_FAILS(cpwl_partition_stream(NULL, net, box, &opts, take, &seen, &layer_cells, &summary), CPWL_CANCELLED,
                "[CANCELLED] the callback of the stream asked to stop");
    CHECK(seen.calls == 1);
    CHECK_FAILS(cpwl_partition_stream(NULL, net, box, &opts, NULL, &seen, NULL, NULL), CPWL_ARGUMENT, "[NULL] take is NULL");
    summary.struct_size = 8;
    CHECK_FAILS(cpwl_partition_stream(NULL, net, box, &opts, take, &seen, NULL, &summary), CPWL_ARGUMENT,
                "[STRUCT_SIZE] cpwl_stream_summary: *");
    CHECK(seen.calls == 1);
}

static void tiles(const cpwl_network *net, const cpwl_domain *box) {
    int64_t apart = 0, keys[64][2], shape[2] = {0, 2}, n = 0, different = 0;
    cpwl_domain *tile = NULL, *inner = NULL;
    int i, j, k;
    for (i = 0; i < 4; i++)
        for (j = 0; j < 4; j++) {
            cpwl_partition *p = NULL;
            cpwl_tensor cells, out;
            int64_t count = -1;
            CHECK_OK(cpwl_domain_tile(NULL, box, 4, 4, i, j, &tile));
            CHECK_OK(cpwl_partition_new(NULL, net, tile, NULL, &p));
            CHECK_OK(cpwl_partition_array(NULL, p, CPWL_PARTITION_LAYER_CELLS, &cells));
            CHECK_OK(cpwl_partition_seam_keys(NULL, p, 0, NULL, &count));
            shape[0] = count;
            CHECK(n + count <= 64);
            out = tensor(keys + n, CPWL_I64, 2, shape);
            CHECK_OK(cpwl_partition_seam_keys(NULL, p, 0, &out, NULL));
            CHECK_FAILS(cpwl_partition_seam_keys(NULL, p, 1, NULL, NULL), CPWL_ARGUMENT,
                        "[ARGUMENT] layer is 1; the network has 1 layers of units");
            apart += ((const int64_t *)cells.data)[0] - count;
            n += count;
            cpwl_partition_free(p);
            CHECK_FAILS(cpwl_domain_tile(NULL, tile, 2, 2, 0, 0, &inner), CPWL_ARGUMENT, "[ARGUMENT] tile: the domain is a tile*");
            CHECK(inner == NULL);
            cpwl_domain_free(tile);
        }
    for (i = 0; i < n; i++) {
        int first = 1;
        for (k = 0; k < i; k++) first &= keys[k][0] != keys[i][0] || keys[k][1] != keys[i][1];
        different += first;
    }
    CHECK(n == 24 && apart + different == 4);
    CHECK_FAILS(cpwl_domain_tile(NULL, box, 3, 3, 3, 0, &tile), CPWL_ARGUMENT, "[ARGUMENT] tile: index 3 on axis 0 of a grid of 3");
    CHECK_FAILS(cpwl_domain_tile(NULL, box, 3, -3, 0, 0, &tile), CPWL_ARGUMENT, "[ARGUMENT] nv is -3; expected 0 or more");
}

static void merged(const cpwl_network *net, const cpwl_domain *box) {
    cpwl_partition *p = NULL;
    cpwl_partition_summary summary;
    int64_t labels[4], count = 0, shape[1] = {4};
    const cpwl_tensor view = tensor(labels, CPWL_I64, 1, shape);
    cpwl_tensor out = view;
    int i;
    CHECK_OK(cpwl_partition_new(NULL, net, box, NULL, &p));
    CHECK_OK(cpwl_partition_distinct_maps(NULL, p, &out, &count));
    CHECK(count == 4); /* the four slopes of relu(u + v) + 2 relu(u - v) differ */
    for (i = 0; i < 4; i++) CHECK(labels[i] == i);
    summary.struct_size = sizeof summary;
    CHECK_OK(cpwl_partition_info(NULL, p, &summary));
    /* Both lines pass through corners of the box and each other's middle: zeros that only exact arithmetic tells. */
    CHECK(summary.zero_signs > 0 && summary.zero_signs <= summary.exact_signs && summary.filter_signs > 0);
    CHECK(summary.sign_margin > 0 && summary.sign_margin <= 1.0 / 8589934592.0);
    cpwl_partition_free(p);
}

void test_pieces(void) {
    cpwl_network *net = diagonals(NULL);
    cpwl_domain *box = unit_box(NULL);
    streams(net, box);
    tiles(net, box);
    merged(net, box);
    cpwl_domain_free(box);
    cpwl_network_free(net);
}
