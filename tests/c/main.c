/* Runs every test; or those named on the command line; or all but those named there with a minus. */
#include "check.h"

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"abi", test_abi},
    {"spine", test_spine},
    {"tensors", test_tensors},
    {"layers", test_layers},
    {"network", test_network},
    {"export", test_export},
    {"tape", test_tape},
    {"smooth", test_smooth},
    {"domains", test_domains},
    {"partition", test_partition},
    {"pieces", test_pieces},
    {"callbacks", test_callbacks},
    {"statistics", test_statistics},
    {"boundary", test_boundary},
    {"solid", test_solid},
    {"ball", test_ball},
    {"enumeration", test_enumeration},
    {"set", test_set},
    {"police", test_police},
    {"prescribe", test_prescribe},
    {"rank", test_rank},
    {"hsic", test_hsic},
    {"diet", test_diet},
    {"prior", test_prior},
    {"factors", test_factors},
    {"memory", test_memory},
    {"dlpack", test_dlpack},
    {"fence", test_fence},
    {"fork", test_fork},
};

int main(int argc, char **argv) {
    int i, k, ran = 0;
    for (i = 0; i < COUNT(tests); i++) {
        int wanted = argc == 1 || argv[1][0] == '-';
        for (k = 1; k < argc; k++)
            if (strcmp(argv[k] + (argv[k][0] == '-'), tests[i].name) == 0) wanted = argv[k][0] != '-';
        if (wanted) tests[i].run();
        ran += wanted;
    }
    printf("%d tests passed\n", ran);
    return ran == 0;
}
