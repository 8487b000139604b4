// cpwl.hpp on numbers worked out by hand; see tests/c/test_partition.c for where they come from.
#include <cpwl.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory_resource>
#include <type_traits>

#define CHECK(condition) ((condition) ? (void)0 : failed(__LINE__, #condition))

static void failed(int line, const char *what) {
    std::fprintf(stderr, "test_cpp.cpp:%d: failed: %s\n", line, what);
    std::exit(1);
}

static bool near(double value, double expected) { return std::fabs(value - expected) < 1e-15; }

// The call throws cpwl::error with that status and condition.
template <class F> static bool fails(cpwl_status status, const char *condition, F call) {
    try {
        call();
    } catch (const cpwl::error &e) {
        return e.status() == status && e.condition() == condition &&
               std::strncmp(e.what(), ("[" + e.condition() + "] ").c_str(), e.condition().size() + 3) == 0;
    }
    return false;
}

static const std::vector<double> hidden{1, 1, 1, -1}, out_weight{1, 2}, out_bias{0.5};

static cpwl::network diagonals() {
    cpwl::network_builder b({2});
    CHECK(b.dense({hidden, {2, 2}}) == 1);
    CHECK(b.relu() == 2);
    CHECK(b.dense({out_weight, {1, 2}}, cpwl::tensor(out_bias)) == 3);
    b.name(3, "sum");
    return b.finish();
}

static void networks() {
    const auto net = diagonals();
    CHECK(net.info().n_units == 2 && net.info().n_parameters == 7);
    CHECK((net.input_shape() == std::vector<std::int64_t>{2}) && (net.output_shape() == std::vector<std::int64_t>{1}));
    CHECK(std::strcmp(net.node(3).name, "sum") == 0);
    const std::vector<float> x{1, 2, 2, 1};
    const cpwl::tensor points(x, {2, 2});
    CHECK((net.forward(points) == std::vector<double>{3.5, 5.5}));
    CHECK((net.forward<float>(points) == std::vector<float>{3.5f, 5.5f}));
    CHECK((net.pattern(points) == std::vector<std::int32_t>{1, 0, 1, 1}));
    const auto map = net.affine_at(points);
    CHECK((map.a == std::vector<double>{1, 1, 3, -1}) && (map.b == std::vector<double>{0.5, 0.5}));
    std::array<double, 3> y{};
    net.forward({x.data(), {2, 2}, {1, 2}}, {y.data(), {2, 1}, {2, 1}});
    CHECK(y[0] == 3.5 && y[1] == 0 && y[2] == 5.5);
}

static void layers() {
    const std::vector<double> image{1, 2, 3, 4, 5, 6, 7, 8, 9}, kernel{1, 0, 0, -1}, two{2}, one{1}, knots{0, 1},
        slopes{-1, 2, 0};
    auto pool = cpwl::options<cpwl_pool2d_options>();
    pool.kernel[0] = pool.kernel[1] = 2;
    auto conv = cpwl::options<cpwl_conv2d_options>();
    conv.stride[0] = conv.stride[1] = 1;
    cpwl::network_builder b({1, 3, 3});
    b.conv2d({kernel, {1, 1, 2, 2}}, {}, conv);                         // -4 -4 -4 -4
    b.batch_norm({}, cpwl::tensor(one), one, one, 3);                   // (x - 1) / 2 + 1 = -1.5
    b.scale_shift(cpwl::tensor(two), {});                               // -3
    b.activation(CPWL_ABS);                                             // 3
    b.prelu(one);                                                       // 3
    b.pwl(knots, slopes, 3);                                            // 5
    const auto whole = b.avg_pool2d(pool);                              // 5
    const auto same = b.max_pool2d(pool, whole - 1);                    // 5
    const auto flat = b.flatten(b.concat({whole, same}, 0));            // 5 5
    b.maxout(2, b.add({flat, flat}));                                   // 10
    CHECK((b.finish().forward(cpwl::tensor(image, {1, 3, 3})) == std::vector<double>{10}));
    b.global_avg_pool(0);                                               // 5
    b.reshape({-1});
    CHECK((b.finish().forward(image) == std::vector<double>{5}));
}

static void smooth_and_fused() {
    cpwl::network_builder b({2});
    b.smooth(CPWL_TANH, 40);
    b.relu();
    b.maxout(2);
    const auto net = b.finish(), fused = net.fuse_relu_max();
    CHECK(net.info().n_units == 5 && fused.info().n_units == 3);
    const auto told = fused.approximations();
    CHECK(told.size() == 1 && told[0].kind == CPWL_TANH && std::string(told[0].function) == "tanh" && told[0].knots == 40);
    const std::vector<double> x{0.5, -2};
    const double y = fused.forward(x)[0];
    CHECK(std::fabs(y - std::tanh(0.5)) <= told[0].bound && told[0].bound < 1e-3);
    CHECK(diagonals().approximations().empty());
    const auto file = fused.to_onnx(CPWL_F64);
    const auto again = cpwl::network::from_onnx(file.data(), file.size());
    CHECK(std::fabs(again.forward(x)[0] - y) < 1e-12 && again.node(2).name != nullptr);
    CHECK(fused.to_onnx(CPWL_F32).size() < file.size());
    CHECK(fails(CPWL_IO, "IO", [&] { net.to_onnx_file("/no/such/folder/net.onnx"); }));
}

static void partitions() {
    auto net = diagonals();
    auto moved = std::move(net);
    auto p = moved.partition(cpwl::domain::box({-1, -1}, {1, 1}));
    const auto info = p.info();
    CHECK(p.n_regions() == 4 && info.n_vertices == 5 && info.n_edges == 8);
    for (double area : p.areas()) CHECK(near(area, 1));
    CHECK(p.vertices().shape()[0] == 5 && p.cell_offsets().size() == 5 && p.cell_vertices().size() == 12);
    CHECK(p.cell_edges().size() == 12 && p.edges().size() == 16 && p.edge_cells().size() == 16);
    CHECK(p.edge_layers().size() == 8 && p.edge_units().size() == 8 && p.edge_knots().size() == 8);
    CHECK(p.layer_cells()[0] == 4 && p.polygons().shape()[1] == 2);
    const std::vector<double> points{0.5, 0, -0.5, 0, 3, 3};
    const auto cells = p.locate({points, {3, 2}});
    CHECK(near(p.map_a()(cells[0], 0, 0), 3) && near(p.map_a()(cells[0], 0, 1), -1) && near(p.map_b()(cells[0], 0), 0.5));
    CHECK(near(p.centroids()(cells[1], 0), -2.0 / 3) && cells[2] == -1);
    CHECK((p.patterns(cells[0], 1) == std::vector<std::uint8_t>{1, 1}));
    const auto set = p.level_set(0, 1.5);
    CHECK(set.n_segments() == 3 && near(set.length(), std::sqrt(0.5) + std::sqrt(0.625) + std::sqrt(1.125)));
    CHECK(set.segments().size() == 12 && set.cells().size() == 3 && set.labels()(0, 1) == -1);
    CHECK(set.on_edge()[0] == 0 && set.flat_cells().size() == 0);
    CHECK(set.polyline_offsets()[1] == 4 && set.polyline_points().shape()[0] == 4 && set.polyline_closed()[0] == 0);
    CHECK(set.polyline_labels()(0, 0) == 0 && set.junctions().size() == 0);
    const auto samples = set.sample(10, 3);
    for (int i = 0; i < 10; i++) {
        const double u = samples[2 * i], v = samples[2 * i + 1];
        CHECK(near(std::fmax(u + v, 0) + 2 * std::fmax(u - v, 0), 1));
    }
    const std::vector<double> middle{0, 0}, radius{0.25};
    CHECK(near(set.distances({middle, {1, 2}})[0], -1 / std::sqrt(10.0)));
    CHECK(p.count_in_ball({middle, {1, 2}}, radius)[0] == 4);
    const auto statistics = p.statistics();
    CHECK(statistics.info().n_regions == 4 && statistics.info().n_lines == 6);
    CHECK(near(statistics.spread(CPWL_QUANTITY_INRADIUS).max, std::sqrt(2.0) - 1));
    CHECK(near(statistics.array<double>(CPWL_STATISTICS_LINE_LENGTH)[4], 2 * std::sqrt(2.0)));
    auto narrow = cpwl::options<cpwl_svg_options>();
    narrow.width = 100;
    p.write_svg("cpwl-test.svg", &set, narrow);
    std::ifstream file("cpwl-test.svg");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    CHECK(text.find("width=\"100\"") != std::string::npos);
    std::remove("cpwl-test.svg");

    const std::vector<double> triangle{0, 0, 1, 0, 1, 1}, origin{0, 0}, axes{2, 0, 0, 2}, anchors{-1, -1, 1, -1, -1, 1};
    CHECK(moved.partition(cpwl::domain::polygon({triangle, {3, 2}})).n_regions() == 1);
    CHECK(moved.partition(cpwl::domain::slice(origin, {axes, {2, 2}})).n_regions() == 4);
    CHECK(near(moved.partition(cpwl::domain::slice(origin, {axes, {2, 2}}, cpwl::tensor(triangle, {3, 2}))).info().area, 0.5));
    const std::vector<double> low{-1, -1}, high{1, 1}, far{0, 0, 0}, unit{1, 0, 0, 0, 1, 0};
    const auto regions = moved.enumerate(cpwl::domain::box_of(low, high));
    CHECK(regions.n_regions() == 4 && regions.info().complete == 1);
    CHECK(regions.array<double>(CPWL_ENUMERATION_CENTERS).shape()[1] == 2);
    CHECK(regions.locate(cpwl::tensor(high.data(), {1, 2})).at(0) >= 0 && regions.patterns(0, 4).size() == 8);
    CHECK(moved.enumerate(cpwl::domain::space(2)).n_regions() == 4);
    CHECK(moved.enumerate(cpwl::domain::ball(low, 2)).n_regions() == 4);
    CHECK(moved.enumerate(cpwl::domain::simplex({triangle, {3, 2}})).n_regions() == 1);
    CHECK(moved.enumerate(cpwl::domain::polytope({axes, {2, 2}}, high)).n_regions() == 4);
    CHECK(cpwl::domain::space(2).embedded(far, {unit.data(), {2, 3}}).info().n_inputs == 3);
    CHECK(moved.partition(cpwl::domain::slice_anchors({anchors, {3, 2}}, 0)).n_regions() == 4);
    auto few = cpwl::options<cpwl_partition_options>();
    few.max_regions = 3;
    CHECK(fails(CPWL_LIMIT, "MAX_REGIONS", [&] { moved.partition(cpwl::domain::box({-1, -1}, {1, 1}), few); }));
}

static void errors() {
    const auto net = diagonals();
    const std::vector<double> three{1, 2, 3}, nan{1, NAN};
    const std::vector<std::int64_t> integers{1, 2};
    CHECK(fails(CPWL_SHAPE, "SHAPE", [&] { net.forward(three); }));
    CHECK(fails(CPWL_NONFINITE, "NONFINITE", [&] { net.forward(nan); }));
    CHECK(fails(CPWL_DTYPE, "DTYPE", [&] { net.forward(integers); }));
    CHECK(fails(CPWL_ARGUMENT, "ZERO_AREA", [] { cpwl::domain::box({0, 0}, {0, 1}); }));
    CHECK(fails(CPWL_ARGUMENT, "MALFORMED", [] { cpwl::network::from_onnx("garbage", 7); }));
    CHECK(fails(CPWL_IO, "IO", [] { cpwl::network::from_onnx_file("/no/such/file"); }));
    cpwl::context::settings bad;
    bad.threads = -1;
    CHECK(fails(CPWL_ARGUMENT, "ARGUMENT", [&] { cpwl::context c(bad); }));
    bool thrown = false;
    try {
        cpwl::tensor wrong(three, {2, 2});
    } catch (const std::invalid_argument &) {
        thrown = true;
    }
    CHECK(thrown);
    static_assert(!std::is_copy_constructible_v<cpwl::network> && std::is_nothrow_move_constructible_v<cpwl::network>);
}

struct stop_here {
    int reason;
};

static void callbacks() {
    const auto net = diagonals();
    const auto box = cpwl::domain::box({-1, -1}, {1, 1});
    cpwl::context::settings s;
    s.threads = 2;
    s.isa = CPWL_ISA_PORTABLE;
    s.cancel = [] { return true; };
    CHECK(fails(CPWL_CANCELLED, "CANCELLED", [&] { net.partition(box, cpwl::context(s)); }));
    s.cancel = []() -> bool { throw stop_here{7}; };
    const cpwl::context throws(s);
    CHECK(throws.threads() == 2 && throws.isa() == CPWL_ISA_PORTABLE);
    for (int i = 0; i < 2; i++) {
        int reason = 0;
        try {
            net.partition(box, throws);
        } catch (const stop_here &e) {
            reason = e.reason;
        }
        CHECK(reason == 7);
    }
    double last = 0;
    s.cancel = nullptr;
    s.progress = [&](double fraction, std::string_view stage) { last = stage.empty() ? -1 : fraction; };
    net.partition(box, cpwl::context(s));
    CHECK(last == 1);
}

// Counts what it hands out, and must get it all back.
class counting : public std::pmr::memory_resource {
public:
    std::size_t held = 0, most = 0;

private:
    void *do_allocate(std::size_t size, std::size_t align) override {
        held += size;
        most = held > most ? held : most;
        return std::pmr::new_delete_resource()->allocate(size, align);
    }
    void do_deallocate(void *p, std::size_t size, std::size_t align) override {
        held -= size;
        std::pmr::new_delete_resource()->deallocate(p, size, align);
    }
    bool do_is_equal(const memory_resource &other) const noexcept override { return this == &other; }
};

static void memory() {
    counting heap;
    cpwl::context::settings s;
    s.threads = 1;
    s.memory = &heap;
    {
        const auto net = diagonals();
        auto make = [&] { return net.partition(cpwl::domain::box({-1, -1}, {1, 1}), cpwl::context(s)); };
        const auto p = make(); // its context is gone, what it needs of it is not
        CHECK(heap.held > 0 && near(p.areas()[0], 1));
        CHECK(p.level_set(0, 1.5).n_segments() == 3);
        s.memory_limit = 1;
        CHECK(fails(CPWL_LIMIT, "MEMORY_LIMIT", make));
        s.memory_limit = 0;
        s.memory = std::pmr::null_memory_resource();
        CHECK(fails(CPWL_MEMORY, "MEMORY", make));
    }
    CHECK(heap.held == 0 && heap.most > 0);
}

// The difference u - v has the range [-1, 1] on the unit square: a tie, switched off by a shift of 1.
static void police() {
    const std::vector<double> zeros{0, 0}, corners{0, 0, 1, 0, 1, 1, 0, 1};
    cpwl::network_builder b({2});
    b.dense({hidden, {2, 2}}, cpwl::tensor(zeros));
    b.relu();
    b.dense({out_weight, {1, 2}}, cpwl::tensor(out_bias));
    const auto net = b.finish();
    const auto square = cpwl::convex_set::vertices({corners, {4, 2}});
    auto o = cpwl::options<cpwl_police_options>();
    o.flags = CPWL_POLICE_KAPPA | CPWL_POLICE_GRADIENT;
    const auto policed = net.police(square, o);
    CHECK(policed.info().n_shifted == 1 && policed.layer(0).n_groups == 2);
    CHECK(policed.shifts(0)[1] == 1 && policed.biases(0)[1] == -1 && policed.codes(0)(0, 1) == 0);
    CHECK(policed.map_a()(0, 0) == 1 && policed.map_a()(0, 1) == 1 && policed.map_c()[0] == 0.5);
    CHECK((policed.network().forward({corners, {4, 2}}) == std::vector<double>{0.5, 1.5, 2.5, 1.5}));
    cpwl::policed::gradients found{{std::vector<double>(4), std::vector<double>(2), {}, {}}, {std::vector<double>(8)}};
    policed.backward({{}, {1, 1}, {}, {}}, found);
    CHECK((found.parameters[0] == std::vector<double>{0, 0, -1, 0}) && (found.parameters[1] == std::vector<double>{1, 0}));
    CHECK((found.rows[0] == std::vector<double>{0, 0, -1, 1, 0, 0, 0, 0}));
    CHECK(!net.certify({square}).certified() && net.police(square).network().certify({square}).certified());

    // Sets, by their rows and dimensions.
    const std::vector<double> two{1, 2}, eye{1, 0, 0, 1};
    const auto box = cpwl::convex_set::box(two, zeros), ball = cpwl::convex_set::ball(two, 1);
    CHECK(box.info().dim == 2 && box.info().affine_rank == 0 && ball.info().affine_rank == 2);
    CHECK((box + ball).scaled(0.5).info().dim == 2 && box.product(ball).info().dim == 4);
    CHECK(box.hull(square).info().affine_rank == 2 && ball.image({two, {1, 2}}).info().dim == 1);
    CHECK(cpwl::convex_set::zonotope(two, {eye, {2, 2}}).rows()(0, 1) == 2);
    CHECK(cpwl::convex_set::ellipsoid(two, {eye, {2, 2}}).info().dim == 2);
    CHECK(cpwl::convex_set::simplex(two, 1).info().affine_rank == 2);
    CHECK(!cpwl::convex_set::polytope({eye, {2, 2}}, two).info().bounded);
    CHECK(fails(CPWL_ARGUMENT, "BAD_REGION", [&] { cpwl::convex_set::ball(two, -1); }));
    CHECK(fails(CPWL_ARGUMENT, "EMPTY_REGION", [&] { net.police(cpwl::convex_sets{}); }));
}

// The rows (0, 4), (3, 0), (0, 0) have the singular values 4 and 3; see tests/c/test_rank.c.
static void ranks() {
    const std::vector<double> rows{0, 4, 3, 0, 0, 0}, origin{0, 0};
    const cpwl::tensor z(rows, {3, 2});
    const auto close = [](double value, double expected) { return std::fabs(value - expected) < 1e-13; };
    const double entropy = -4. / 7 * std::log(4. / 7) - 3. / 7 * std::log(3. / 7), p = 4. / 7 + 1e-7, q = 3. / 7 + 1e-7;
    const cpwl::spectrum s(z);
    CHECK(close(s.singular_values()[0], 4) && close(s.variance_ratios()[1], 9. / 25) && s.info().n_rows == 3);
    CHECK(close(s.effective_rank(), std::exp(entropy)) && close(s.entropy(), entropy));
    CHECK(close(s.renyi(2), std::log(625. / 337)) && close(s.info().stable_rank, 25. / 16));
    CHECK(close(cpwl::rankme(z), std::exp(-p * std::log(p) - q * std::log(q))));
    auto o = cpwl::options<cpwl_rank_options>();
    o.flags = CPWL_RANK_NORMALIZE;
    CHECK(close(cpwl::effective_rank(z, o), entropy / std::log(2)));
    std::vector<double> dz(6);
    CHECK(close(cpwl::rank_gradient(z, {dz, {3, 2}}), std::exp(entropy)));
    CHECK(close(dz[1], -std::exp(entropy) * (std::log(4. / 7) + entropy) / 7) && close(dz[0], 0));
    CHECK(fails(CPWL_ARGUMENT, "ARGUMENT", [&] { s.alpha_req(); }));

    cpwl::context::settings one;
    one.threads = 1;
    cpwl::moments whole(2, cpwl::context(one)), part(2);
    whole.update(z);
    part.update({rows.data(), {1, 2}});
    whole.subtract(part);
    CHECK(whole.info().n_rows == 2 && close(whole.mean()[0], 1.5));
    whole.merge(part);
    CHECK(close(whole.spectrum().effective_rank(), std::exp(entropy)) && close(whole.products()[3], 16));
    CHECK(close(whole.products(true)[1], -4) && close(whole.participation_ratio(), 625. / 337));
    CHECK(std::fabs(whole.estimate_rank().rank - std::exp(entropy)) < 1e-9);
    const auto bytes = whole.to_bytes();
    auto read = cpwl::moments::from_bytes(bytes.data(), bytes.size());
    CHECK(bytes.size() == 80 && close(read.spectrum().info().nuclear_norm, 7));
    read.downdate({rows.data(), {1, 2}});
    CHECK(read.info().n_rows == 2);
    read.clear();
    CHECK(fails(CPWL_SHAPE, "SHAPE", [&] { read.spectrum(); }));
    auto shifted = cpwl::moments::with_shift(origin);
    shifted.update(z);
    CHECK((shifted.flat() == std::vector<double>{3, 3, 4, 9, 0, 16}));
    CHECK(close(cpwl::moments::from_flat(origin, shifted.flat()).spectrum(true).info().frobenius_sq, 50. / 3));

    cpwl::queue last(3, 2, CPWL_F64);
    last.push({dz, {3, 2}});
    last.push(z);
    CHECK(last.info().n_rows == 3 && close(last.spectrum().info().nuclear_norm, 7) && last.moments().info().n_rows == 3);

    cpwl::lidar groups(1), more(1);
    const std::vector<double> first{0, 2}, second{4, 6};
    groups.push({first, {2, 1}});
    more.push({second, {2, 1}});
    groups.merge(more);
    CHECK(groups.measure().n_groups == 2 && close(groups.measure().entropy, 0));
}

int main() {
    networks();
    police();
    ranks();
    layers();
    smooth_and_fused();
    partitions();
    errors();
    callbacks();
    memory();
    std::puts("C++ tests passed");
}
