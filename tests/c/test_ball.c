/* Cells of the unit box cut by its two diagonals that meet discs, worked out by hand. */
#include "check.h"

static void of_partition(const cpwl_partition *p) {
    /* All four triangles about the middle; one far from the lines; two over one diagonal; none outside; one touched. */
    static const double centers[] = {0, 0, 0.75, 0, 0.75, 0.75, 2, 0, 2, 0}, radii[] = {0.1, 0.5, 0.1, 1, 1.125};
    static const int64_t expected[] = {4, 1, 2, 0, 1}, shape[] = {5, 2}, n[] = {5};
    int64_t counts[5];
    int32_t counts32[5];
    const cpwl_tensor at = tensor(centers, CPWL_F64, 2, shape), r = tensor(radii, CPWL_F64, 1, n);
    cpwl_tensor out = tensor(counts, CPWL_I64, 1, n), out32 = tensor(counts32, CPWL_I32, 1, n),
                flat = tensor(centers, CPWL_F64, 1, n);
    cpwl_ball_options options;
    int i;
    CHECK_OK(cpwl_partition_count_in_ball(NULL, p, &at, &r, NULL, &out));
    CHECK_OK(cpwl_partition_count_in_ball(NULL, p, &at, &r, NULL, &out32));
    for (i = 0; i < 5; i++) CHECK(counts[i] == expected[i] && counts32[i] == expected[i]);
    CHECK_FAILS(cpwl_partition_count_in_ball(NULL, p, &flat, &r, NULL, &out), CPWL_SHAPE, "[RANK] centers has 1 axes; *");
    CHECK_FAILS(cpwl_partition_count_in_ball(NULL, p, &at, &at, NULL, &out), CPWL_SHAPE, "[RANK] radii has 2 axes; *");
    CHECK_FAILS(cpwl_partition_count_in_ball(NULL, p, &at, &r, NULL, &flat), CPWL_DTYPE, "[DTYPE] counts has dtype f64; *");
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.metric = 7;
    CHECK_FAILS(cpwl_partition_count_in_ball(NULL, p, &at, &r, &options, &out), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] metric is 7; *");
    options.flags = 2;
    CHECK_FAILS(cpwl_partition_count_in_ball(NULL, p, &at, &r, &options, &out), CPWL_UNSUPPORTED,
                "[UNKNOWN_OPTION] flags is 0x2; expected 0");
}

static void of_network(const cpwl_network *net, const cpwl_domain *box) {
    static const double middle[] = {0, 0}, right[] = {0.75, 0};
    static const int64_t two[] = {2};
    const cpwl_tensor o = tensor(middle, CPWL_F64, 1, two), east = tensor(right, CPWL_F64, 1, two);
    cpwl_ball_options options;
    int64_t count = -1;
    CHECK_OK(cpwl_network_count_in_ball(NULL, net, box, &o, 1e-300, NULL, &count));
    CHECK(count == 4);
    /* the lines u = v and u = -v are sqrt(9/32) = 0.53033.. away */
    CHECK_OK(cpwl_network_count_in_ball(NULL, net, box, &east, 0.5303, NULL, &count));
    CHECK(count == 1);
    CHECK_OK(cpwl_network_count_in_ball(NULL, net, NULL, &east, 0.5304, NULL, &count));
    CHECK(count == 3);
    CHECK_OK(cpwl_network_count_in_ball(NULL, net, NULL, &east, 0, NULL, &count));
    CHECK(count == 0);
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.max_regions = 3;
    CHECK_FAILS(cpwl_network_count_in_ball(NULL, net, box, &o, 0.5, &options, &count), CPWL_LIMIT, "[MAX_REGIONS] *");
    CHECK_FAILS(cpwl_network_count_in_ball(NULL, net, box, &o, -1, NULL, &count), CPWL_ARGUMENT,
                "[ARGUMENT] radius is -1; expected 0 or more");
    CHECK_FAILS(cpwl_network_count_in_ball(NULL, net, box, &o, 1, NULL, NULL), CPWL_ARGUMENT, "[NULL] count is NULL");
    CHECK(count == 0);
}

void test_ball(void) {
    cpwl_network *net = diagonals(NULL);
    cpwl_domain *box = unit_box(NULL);
    cpwl_partition *p = NULL;
    CHECK_OK(cpwl_partition_new(NULL, net, box, NULL, &p));
    of_partition(p);
    of_network(net, box);
    cpwl_partition_free(p);
    cpwl_domain_free(box);
    cpwl_network_free(net);
}
