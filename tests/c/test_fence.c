/* A bug in the library becomes a status: nothing is printed, nothing aborts, and the next call works. */
#include "check.h"

#include <unistd.h>

#ifdef __cplusplus
extern "C"
#endif
cpwl_status cpwl_test_panic(const cpwl_context *ctx, int32_t on_worker); /* exported for this test, in no header */

static void panics(const cpwl_context *ctx) {
    CHECK_FAILS(cpwl_test_panic(ctx, 0), CPWL_PANIC, "[PANIC] internal error at src/ffi/fence.rs:*");
    CHECK(strstr(cpwl_last_error(), ": asked to panic. This is a bug in cpwl ") != NULL);
    CHECK_FAILS(cpwl_test_panic(ctx, 1), CPWL_PANIC, "[PANIC] internal error at src/ffi/fence.rs:*");
    CHECK(strstr(cpwl_last_error(), ": asked to panic on a worker. This is a bug in cpwl ") != NULL);
}

void test_fence(void) {
    char path[] = "cpwl-test-XXXXXX";
    const int quiet = mkstemp(path), saved = dup(2);
    cpwl_context_options o;
    cpwl_context *ctx = NULL;
    cpwl_network *net;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.threads = 2;
    CHECK_OK(cpwl_context_new(&o, &ctx));
    CHECK(quiet >= 0 && saved >= 0);
    CHECK(dup2(quiet, 2) == 2);
    panics(NULL);
    panics(ctx);
    CHECK(dup2(saved, 2) == 2);
    CHECK(lseek(quiet, 0, SEEK_END) == 0); /* not a byte on stderr */
    close(quiet);
    close(saved);
    remove(path);
    net = diagonals(ctx);
    cpwl_network_free(net);
    cpwl_context_free(ctx);
}
