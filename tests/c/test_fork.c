/* A forked child computes with the parent's handles, whatever the parent's threads were doing. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static cpwl_context *ctx;
static cpwl_network *net, *large;
static cpwl_domain *box;
static volatile int stop;

static int computes(const cpwl_context *with) {
    static const double points[] = {1, 2, 2, 1};
    static const int64_t two_points[] = {2, 2}, two[] = {2, 1};
    double y[2] = {0, 0};
    const cpwl_tensor x = tensor(points, CPWL_F64, 2, two_points);
    cpwl_tensor out = tensor(y, CPWL_F64, 2, two);
    cpwl_partition *p = NULL;
    cpwl_partition_summary info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    if (cpwl_network_forward(with, net, &x, NULL, &out) || y[0] != 3.5 || y[1] != 5.5) return 0;
    if (cpwl_partition_new(with, net, box, NULL, &p) || cpwl_partition_info(with, p, &info)) return 0;
    cpwl_partition_free(p);
    if (cpwl_partition_new(with, large, box, NULL, &p)) return 0;
    cpwl_partition_free(p);
    return info.n_regions == 4;
}

static void child_computes(const char *when) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        cpwl_context *fresh = NULL;
        alarm(60); /* a child that hangs is a failure */
        if (!computes(ctx) || !computes(NULL) || cpwl_context_new(NULL, &fresh) || !computes(fresh)) _exit(1);
        cpwl_context_free(fresh);
        cpwl_context_free(ctx); /* threads that only the parent has are not waited for */
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "a child forked %s failed: status %#x\n", when, (unsigned)status);
        exit(1);
    }
}

static void *keeps_busy(void *unused) {
    (void)unused;
    while (!stop) CHECK(computes(ctx));
    return NULL;
}

void test_fork(void) {
    cpwl_context_options o;
    pthread_t thread;
    int i;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.threads = 2;
    CHECK_OK(cpwl_context_new(&o, &ctx));
    net = diagonals(ctx);
    large = mesh_of_lines(ctx);
    box = unit_box(ctx);
    fflush(NULL);
    child_computes("before the first call");
    CHECK(computes(ctx) && computes(NULL));
    child_computes("after the parent used its threads");
#if defined(__SANITIZE_ADDRESS__)
    /* The allocator of ASan does not survive a fork while another thread allocates; that of the C library does. */
    puts("skipped under ASan: fork while the parent computes");
    (void)thread, (void)i, (void)keeps_busy;
#else
    CHECK(pthread_create(&thread, NULL, keeps_busy, NULL) == 0);
    for (i = 0; i < 10; i++) child_computes("while the parent computes");
    stop = 1;
    CHECK(pthread_join(thread, NULL) == 0);
#endif
    CHECK(computes(ctx));
    cpwl_domain_free(box);
    cpwl_network_free(large);
    cpwl_network_free(net);
    cpwl_context_free(ctx);
}
