/* The host's allocator: everything comes back, also when it runs dry or a limit is hit. */
#include "check.h"

#include <pthread.h>

typedef struct {
    pthread_mutex_t lock;
    size_t held, buffers;
    long left; /* allocations until it runs dry */
} heap;

static void *heap_alloc(size_t size, size_t align, void *userdata) {
    heap *h = (heap *)userdata;
    void *p = NULL;
    pthread_mutex_lock(&h->lock);
    if (h->left-- > 0 && posix_memalign(&p, align, size) == 0) {
        memset(p, 0xAB, size); /* it need not be zero */
        h->held += size;
        h->buffers++;
    }
    pthread_mutex_unlock(&h->lock);
    return p;
}

static void heap_dealloc(void *p, size_t size, size_t align, void *userdata) {
    heap *h = (heap *)userdata;
    (void)align;
    pthread_mutex_lock(&h->lock);
    h->held -= size;
    h->buffers--;
    pthread_mutex_unlock(&h->lock);
    free(p);
}

static cpwl_context *context_on(heap *h, long left, uint64_t limit, int threads) {
    cpwl_context_options o;
    cpwl_context *ctx = NULL;
    memset(h, 0, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    h->left = left;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.threads = threads;
    o.memory_limit = limit;
    o.alloc = heap_alloc;
    o.dealloc = heap_dealloc;
    o.userdata = h;
    CHECK_OK(cpwl_context_new(&o, &ctx));
    return ctx;
}

/* One of everything that takes large buffers. */
static cpwl_status everything(const cpwl_context *ctx, const cpwl_network *net, const cpwl_domain *box) {
    static float points[2 * 300];
    static const int64_t batch[] = {300, 2}, cells_shape[] = {300};
    float y[2 * 300];
    int64_t cells[300];
    const cpwl_tensor x = tensor(points, CPWL_F32, 2, batch);
    cpwl_tensor out = tensor(y, CPWL_F32, 2, batch), found = tensor(cells, CPWL_I64, 1, cells_shape);
    cpwl_partition *p = NULL;
    cpwl_boundary *b = NULL;
    cpwl_status status = cpwl_network_forward(ctx, net, &x, NULL, &out);
    if (!status) status = cpwl_partition_new(ctx, net, box, NULL, &p);
    if (!status) status = cpwl_partition_locate(ctx, p, &x, &found);
    if (!status) status = cpwl_boundary_new(ctx, p, NULL, &b);
    cpwl_boundary_free(b);
    cpwl_partition_free(p);
    return status;
}

static void runs_dry(const cpwl_network *net, const cpwl_domain *box, int threads) {
    heap h;
    long n, failures = 0;
    for (n = 0;; n++) {
        cpwl_context *ctx = context_on(&h, n, 0, threads);
        cpwl_status status = everything(ctx, net, box);
        CHECK(h.held == 0 && h.buffers == 0);
        cpwl_context_free(ctx);
        if (status == CPWL_OK) break;
        CHECK(status == CPWL_MEMORY);
        CHECK(strncmp(cpwl_last_error(), "[MEMORY] ", 9) == 0);
        failures++;
    }
    CHECK(failures >= 20); /* every array of a partition is such a buffer */
}

static void limits(const cpwl_network *net, const cpwl_domain *box, int threads) {
    heap h;
    uint64_t limit;
    int failures = 0;
    for (limit = 100;; limit *= 2) {
        cpwl_context *ctx = context_on(&h, 1 << 30, limit, threads);
        cpwl_status status = everything(ctx, net, box);
        CHECK(h.held == 0 && h.buffers == 0);
        cpwl_context_free(ctx);
        if (status == CPWL_OK) break;
        CHECK(status == CPWL_LIMIT);
        CHECK(strncmp(cpwl_last_error(), "[MEMORY_LIMIT] ", 15) == 0);
        failures++;
        CHECK(limit < 1u << 30);
    }
    CHECK(failures >= 5);
}

/* Results keep their buffers after the context is gone, and give them back when freed. */
static void outlives(const cpwl_network *net, const cpwl_domain *box) {
    heap h;
    cpwl_context *ctx = context_on(&h, 1 << 30, 0, 2);
    cpwl_partition *p = NULL;
    cpwl_tensor areas;
    CHECK_OK(cpwl_partition_new(ctx, net, box, NULL, &p));
    cpwl_context_free(ctx);
    CHECK(h.held > 0);
    CHECK_OK(cpwl_partition_array(NULL, p, CPWL_PARTITION_AREAS, &areas));
    CHECK(((const double *)areas.data)[0] > 0);
    cpwl_partition_free(p);
    CHECK(h.held == 0 && h.buffers == 0);
}

void test_memory(void) {
    cpwl_network *net = mesh_of_lines(NULL);
    cpwl_domain *box = unit_box(NULL);
    runs_dry(net, box, 1);
    runs_dry(net, box, 2);
    limits(net, box, 1);
    limits(net, box, 2);
    outlives(net, box);
    cpwl_domain_free(box);
    cpwl_network_free(net);
}
