/* Cancel, progress and log; several contexts and threads give the same bytes. */
#include "check.h"

typedef struct {
    int polls, stop_after, reports;
    double last;
} watcher;

static int32_t cancel(void *userdata) {
    watcher *w = (watcher *)userdata;
    return w->polls++ >= w->stop_after;
}

static void progress(double fraction, const char *stage, void *userdata) {
    watcher *w = (watcher *)userdata;
    CHECK(fraction >= 0 && fraction <= 1 && stage[0] != 0);
    w->reports++;
    w->last = fraction;
}

static cpwl_context *watched(watcher *w, int stop_after, int threads) {
    cpwl_context_options o;
    cpwl_context *ctx = NULL;
    memset(w, 0, sizeof *w);
    w->stop_after = stop_after;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.threads = threads;
    o.cancel = cancel;
    o.progress = progress;
    o.userdata = w;
    CHECK_OK(cpwl_context_new(&o, &ctx));
    return ctx;
}

static void stops(const cpwl_network *net, const cpwl_domain *box, int threads) {
    static const double point[] = {0, 0};
    static const int64_t flat[] = {2};
    double y[2] = {7, 7};
    const cpwl_tensor x = tensor(point, CPWL_F64, 1, flat);
    cpwl_tensor out = tensor(y, CPWL_F64, 1, flat);
    cpwl_partition *p = NULL;
    watcher w;
    cpwl_context *ctx = watched(&w, 0, threads); /* at once */
    CHECK_FAILS(cpwl_partition_new(ctx, net, box, NULL, &p), CPWL_CANCELLED,
                "[CANCELLED] the cancel callback asked to stop");
    CHECK(p == NULL && w.polls >= 1);
    CHECK_FAILS(cpwl_network_forward(ctx, net, &x, NULL, &out), CPWL_CANCELLED,
                "[CANCELLED] the cancel callback asked to stop");
    CHECK(y[0] == 7 && y[1] == 7);
    cpwl_context_free(ctx);
    ctx = watched(&w, 3, threads); /* in the middle */
    CHECK_FAILS(cpwl_partition_new(ctx, net, box, NULL, &p), CPWL_CANCELLED,
                "[CANCELLED] the cancel callback asked to stop");
    CHECK(p == NULL);
    w.polls = 0, w.stop_after = 1 << 30; /* the context is none the worse for it */
    CHECK_OK(cpwl_partition_new(ctx, net, box, NULL, &p));
    CHECK(w.reports >= 1 && w.last == 1);
    cpwl_partition_free(p);
    cpwl_context_free(ctx);
}

/* A flag instead of a function. */
static void flag(const cpwl_network *net, const cpwl_domain *box) {
    int32_t raised = 1;
    cpwl_context_options o;
    cpwl_context *ctx = NULL;
    cpwl_partition *p = NULL;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.cancel = cpwl_cancel_flag;
    o.userdata = &raised;
    CHECK_OK(cpwl_context_new(&o, &ctx));
    CHECK_FAILS(cpwl_partition_new(ctx, net, box, NULL, &p), CPWL_CANCELLED,
                "[CANCELLED] the cancel callback asked to stop");
    raised = 0;
    CHECK_OK(cpwl_partition_new(ctx, net, box, NULL, &p));
    cpwl_partition_free(p);
    cpwl_context_free(ctx);
    CHECK(cpwl_cancel_flag(NULL) == 0);
}

static void same_bytes(const cpwl_network *net, const cpwl_domain *box) {
    static const int32_t arrays[] = {CPWL_PARTITION_VERTICES, CPWL_PARTITION_CELL_VERTICES, CPWL_PARTITION_EDGE_UNIT,
                                     CPWL_PARTITION_MAP_A, CPWL_PARTITION_POLYGONS};
    cpwl_context_options o;
    cpwl_context *ctx;
    cpwl_partition *one = NULL, *many = NULL;
    cpwl_tensor a, b;
    int i, k;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.threads = 1;
    CHECK_OK(cpwl_context_new(&o, &ctx));
    CHECK_OK(cpwl_partition_new(ctx, net, box, NULL, &one));
    cpwl_context_free(ctx); /* results outlive their context */
    for (k = 2; k <= 8; k *= 2) {
        o.threads = k;
        CHECK_OK(cpwl_context_new(&o, &ctx));
        CHECK_OK(cpwl_partition_new(ctx, net, box, NULL, &many));
        for (i = 0; i < COUNT(arrays); i++) {
            size_t size = 4, axis;
            CHECK_OK(cpwl_partition_array(NULL, one, arrays[i], &a));
            CHECK_OK(cpwl_partition_array(NULL, many, arrays[i], &b));
            CHECK(a.ndim == b.ndim && a.shape[0] > 100);
            for (axis = 0; axis < (size_t)a.ndim; axis++) {
                CHECK(a.shape[axis] == b.shape[axis]);
                size *= (size_t)a.shape[axis];
            }
            if (a.dtype != CPWL_I32) size *= 2;
            CHECK(memcmp(a.data, b.data, size) == 0);
        }
        cpwl_partition_free(many);
        cpwl_context_free(ctx);
    }
    cpwl_partition_free(one);
}

void test_callbacks(void) {
    cpwl_network *net = mesh_of_lines(NULL);
    cpwl_domain *box = unit_box(NULL);
    stops(net, box, 1);
    stops(net, box, 2);
    flag(net, box);
    same_bytes(net, box);
    cpwl_domain_free(box);
    cpwl_network_free(net);
}
