/* Version, contexts, errors, growable structs. */
#include "check.h"

#include <pthread.h>

static void *fails_on_another_thread(void *unused) {
    (void)unused;
    CHECK(strcmp(cpwl_last_error(), "") == 0);
    CHECK_FAILS(cpwl_context_new(NULL, NULL), CPWL_ARGUMENT, "[NULL] out is NULL");
    return NULL;
}

static void versions(void) {
    char version[32];
    CHECK(cpwl_version() == (CPWL_VERSION_MAJOR << 16 | CPWL_VERSION_MINOR << 8 | CPWL_VERSION_PATCH));
    sprintf(version, "%d.%d.%d", CPWL_VERSION_MAJOR, CPWL_VERSION_MINOR, CPWL_VERSION_PATCH);
    CHECK(strcmp(cpwl_version_string(), version) == 0);
    CHECK(strncmp(cpwl_build_info(), "cpwl ", 5) == 0);
    CHECK(strstr(cpwl_build_info(), "(available: portable") != NULL);
    CHECK(strstr(cpwl_build_info(), "; devices: cpu") != NULL);
    CHECK(strcmp(cpwl_status_name(CPWL_OK), "CPWL_OK") == 0);
    CHECK(strcmp(cpwl_status_name(CPWL_PANIC), "CPWL_PANIC") == 0);
    CHECK(strcmp(cpwl_status_name(-1), "unknown") == 0);
}

static void errors_belong_to_their_thread(void) {
    pthread_t thread;
    char here[128];
    CHECK_FAILS(cpwl_network_info(NULL, NULL, NULL), CPWL_ARGUMENT, "[NULL] net is NULL");
    strcpy(here, cpwl_last_error());
    CHECK(pthread_create(&thread, NULL, fails_on_another_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(strcmp(cpwl_last_error(), here) == 0);
}

static cpwl_context_options zero(void) {
    cpwl_context_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    return o;
}

static void contexts(void) {
    cpwl_context *ctx = NULL;
    cpwl_context_options o = zero();
    CHECK_OK(cpwl_context_new(NULL, &ctx));
    CHECK(cpwl_context_threads(ctx) >= 1);
    CHECK(cpwl_context_threads(ctx) == cpwl_context_threads(NULL));
    CHECK(cpwl_context_isa(ctx) >= CPWL_ISA_PORTABLE && cpwl_context_isa(ctx) <= CPWL_ISA_NEON);
    cpwl_context_free(ctx);
    o.threads = 3;
    o.isa = CPWL_ISA_PORTABLE;
    o.flags = CPWL_CONTEXT_REFERENCE;
    CHECK_OK(cpwl_context_new(&o, &ctx));
    CHECK(cpwl_context_threads(ctx) == 3);
    CHECK(cpwl_context_isa(ctx) == CPWL_ISA_PORTABLE);
    cpwl_context_free(ctx);
    cpwl_context_free(NULL);
}

static void *never(size_t size, size_t align, void *userdata) {
    (void)size, (void)align, (void)userdata;
    return NULL;
}

static void bad_contexts(void) {
    cpwl_context *ctx = NULL;
    cpwl_context_options o = zero();
    o.threads = -1;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_ARGUMENT, "[ARGUMENT] threads is -1; expected 0 (all cores) or more");
    o.threads = 1000000;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_ARGUMENT,
                "[ARGUMENT] threads is 1000000; expected 0 (all cores) to 4096");
    o = zero();
    o.isa = 9;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_ARGUMENT,
                "[UNKNOWN_ENUM] isa is 9; expected 0 (CPWL_ISA_AUTO) to 4 (CPWL_ISA_NEON)");
#if defined(__x86_64__)
    o.isa = CPWL_ISA_NEON;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_UNSUPPORTED,
                "[UNSUPPORTED] isa: neon was forced, but this CPU does not have it");
#endif
    o = zero();
    o.flags = 0x100;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_UNSUPPORTED, "[UNKNOWN_OPTION] flags is 0x100; this version knows 0x3");
    o = zero();
    o.device = 2;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_DEVICE,
                "[DEVICE] device is 2, device_id 0; this build has only the CPU (0, device_id 0)");
    o = zero();
    o.stream = &o;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_DEVICE, "[DEVICE] stream is 0x*");
    o = zero();
    o.alloc = never;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_ARGUMENT, "[ARGUMENT] alloc and dealloc must be given together");
    CHECK(ctx == NULL);
}

static void structs_that_grow(void) {
    struct {
        cpwl_context_options known;
        uint64_t later;
    } newer;
    cpwl_context *ctx = NULL;
    cpwl_context_options o = zero();
    o.struct_size = 0;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_ARGUMENT,
                "[STRUCT_SIZE] cpwl_context_options: struct_size is 0; expected sizeof(cpwl_context_options), 96 in this "
                "version");
    o.struct_size = sizeof o - 8;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_ARGUMENT, "[STRUCT_SIZE] cpwl_context_options: struct_size is 88; *");
    o.struct_size = (size_t)-1;
    CHECK_FAILS(cpwl_context_new(&o, &ctx), CPWL_ARGUMENT, "[STRUCT_SIZE] cpwl_context_options: struct_size is 184*");
    memset(&newer, 0, sizeof newer);
    newer.known = zero();
    newer.known.struct_size = sizeof newer;
    CHECK_OK(cpwl_context_new(&newer.known, &ctx));
    cpwl_context_free(ctx);
    newer.later = 7;
    CHECK_FAILS(cpwl_context_new(&newer.known, &ctx), CPWL_UNSUPPORTED,
                "[UNKNOWN_OPTION] cpwl_context_options: byte 96 is set, but this version knows 96 bytes");
}

void test_spine(void) {
    versions();
    errors_belong_to_their_thread();
    contexts();
    bad_contexts();
    structs_that_grow();
}
