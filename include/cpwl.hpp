/* cpwl.hpp: cpwl.h for C++17. Handles that free themselves, exceptions, callbacks that may be lambdas and may throw.
 *
 *   auto net = cpwl::network::from_onnx_file("net.onnx");
 *   auto regions = net.partition(cpwl::domain::box({-1, -1}, {1, 1}));
 *   for (double area : regions.areas()) ...
 *
 * Header-only, nothing beyond cpwl.h and the standard library. Every call takes the context to run in as its last
 * argument; left out, it is the default context (all cores, no callbacks). What cpwl.h says about shapes, data types,
 * errors and cost holds here too. Since 0.1.
 */
#ifndef CPWL_HPP
#define CPWL_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cpwl.h"

namespace cpwl {

/// What a failed call throws. what() is the sentence of cpwl_last_error(), "[CONDITION] ...".
class error : public std::runtime_error {
public:
    error(cpwl_status status, const std::string &text) : std::runtime_error(text), status_(status) {
        const auto end = text.find(']');
        if (!text.empty() && text[0] == '[' && end != std::string::npos) condition_ = text.substr(1, end - 1);
    }
    /// The CPWL_* code.
    cpwl_status status() const noexcept { return status_; }
    /// The stable word, such as "RANK".
    const std::string &condition() const noexcept { return condition_; }

private:
    cpwl_status status_;
    std::string condition_;
};

/// A struct of options (or a summary to be filled) with its size set and all else zero, that is, default.
template <class T> T options() noexcept {
    T o{};
    o.struct_size = sizeof(T);
    return o;
}

namespace detail {

template <class T> struct dtype;
template <> struct dtype<float> : std::integral_constant<std::int32_t, CPWL_F32> {};
template <> struct dtype<double> : std::integral_constant<std::int32_t, CPWL_F64> {};
template <> struct dtype<std::int32_t> : std::integral_constant<std::int32_t, CPWL_I32> {};
template <> struct dtype<std::int64_t> : std::integral_constant<std::int32_t, CPWL_I64> {};
template <> struct dtype<std::uint8_t> : std::integral_constant<std::int32_t, CPWL_U8> {};
template <> struct dtype<std::uint16_t> : std::integral_constant<std::int32_t, CPWL_U16> {};

template <auto Free> struct deleter {
    template <class T> void operator()(T *handle) const noexcept { Free(handle); }
};
template <class T, auto Free> using handle = std::unique_ptr<T, deleter<Free>>;

} // namespace detail

/// How calls run; see cpwl_context_options. Cheap to copy: copies share one handle, which results keep alive.
class context {
public:
    struct settings {
        int threads = 0;
        std::int32_t isa = CPWL_ISA_AUTO;
        std::uint32_t flags = 0;
        std::uint64_t memory_limit = 0;
        /// Where large buffers come from; must outlive all results.
        std::pmr::memory_resource *memory = nullptr;
        /// Return true to stop. A callback that throws stops the call too, and the call throws what it threw.
        std::function<bool()> cancel;
        std::function<void(double fraction, std::string_view stage)> progress;
        std::function<void(int level, std::string_view line)> log;
    };

    /// The default context.
    context() noexcept = default;

    explicit context(settings s) : state_(std::make_shared<state>()) {
        state_->user = std::move(s);
        auto o = options<cpwl_context_options>();
        o.threads = state_->user.threads;
        o.isa = state_->user.isa;
        o.flags = state_->user.flags;
        o.memory_limit = state_->user.memory_limit;
        o.userdata = state_.get();
        if (state_->user.memory) {
            o.alloc = [](std::size_t size, std::size_t align, void *self) -> void * {
                try {
                    return of(self).user.memory->allocate(size, align);
                } catch (...) {
                    return nullptr;
                }
            };
            o.dealloc = [](void *p, std::size_t size, std::size_t align, void *self) {
                of(self).user.memory->deallocate(p, size, align);
            };
        }
        if (state_->user.cancel || state_->user.progress || state_->user.log)
            o.cancel = [](void *self) -> std::int32_t {
                bool stop = false;
                of(self).guard([&](const settings &user) { stop = user.cancel && user.cancel(); });
                return stop || of(self).failed();
            };
        if (state_->user.progress)
            o.progress = [](double fraction, const char *stage, void *self) {
                of(self).guard([&](const settings &user) { user.progress(fraction, stage); });
            };
        if (state_->user.log)
            o.log = [](std::int32_t level, const char *line, void *self) {
                of(self).guard([&](const settings &user) { user.log(level, line); });
            };
        cpwl_context *made = nullptr;
        check(cpwl_context_new(&o, &made));
        state_->handle.reset(made);
    }

    /// The handle for calls of cpwl.h; NULL for the default context.
    const cpwl_context *get() const noexcept { return state_ ? state_->handle.get() : nullptr; }
    cpwl_isa isa() const noexcept { return static_cast<cpwl_isa>(cpwl_context_isa(get())); }
    int threads() const noexcept { return cpwl_context_threads(get()); }

    /// Throws what a callback threw, or cpwl::error, unless `status` is CPWL_OK.
    void check(cpwl_status status) const {
        if (state_) {
            if (auto thrown = state_->take()) std::rethrow_exception(thrown);
        }
        if (status != CPWL_OK) throw error(status, cpwl_last_error());
    }

private:
    struct state {
        settings user;
        std::mutex lock;
        std::exception_ptr thrown;
        detail::handle<cpwl_context, cpwl_context_free> handle;

        template <class F> void guard(F callback) noexcept {
            try {
                callback(user);
            } catch (...) {
                const std::lock_guard<std::mutex> hold(lock);
                if (!thrown) thrown = std::current_exception();
            }
        }
        bool failed() noexcept {
            const std::lock_guard<std::mutex> hold(lock);
            return static_cast<bool>(thrown);
        }
        std::exception_ptr take() noexcept {
            const std::lock_guard<std::mutex> hold(lock);
            return std::exchange(thrown, nullptr);
        }
    };
    static state &of(void *self) noexcept { return *static_cast<state *>(self); }

    std::shared_ptr<state> state_;
};

/// A tensor to read: borrows the data, keeps shape and strides (in elements; none = row-major).
class tensor {
public:
    using extents = std::vector<std::int64_t>;

    template <class T>
    tensor(const T *data, extents shape, extents strides = {})
        : tensor(data, detail::dtype<T>::value, std::move(shape), std::move(strides)) {}
    /// One axis.
    template <class T> tensor(const std::vector<T> &data) : tensor(data, {static_cast<std::int64_t>(data.size())}) {}
    template <class T> tensor(const std::vector<T> &data, extents shape) : tensor(data.data(), std::move(shape)) {
        if (size() != static_cast<std::int64_t>(data.size()))
            throw std::invalid_argument("cpwl::tensor: the shape does not fit the number of elements");
    }
    /// Any cpwl_dtype, for half precision.
    tensor(const void *data, std::int32_t dtype, extents shape, extents strides = {})
        : data_(const_cast<void *>(data)), dtype_(dtype), shape_(std::move(shape)), strides_(std::move(strides)) {
        if (!strides_.empty() && strides_.size() != shape_.size())
            throw std::invalid_argument("cpwl::tensor: as many strides as axes, please");
    }

    std::int64_t size() const noexcept {
        std::int64_t n = 1;
        for (std::int64_t length : shape_) n *= length;
        return n;
    }
    const extents &shape() const noexcept { return shape_; }

    /// The struct of cpwl.h; valid while this object lives.
    cpwl_tensor raw() const noexcept {
        cpwl_tensor t{};
        t.data = data_;
        t.dtype = dtype_;
        t.ndim = static_cast<std::int32_t>(shape_.size());
        t.shape = shape_.data();
        t.strides = strides_.empty() ? nullptr : strides_.data();
        return t;
    }

private:
    void *data_;
    std::int32_t dtype_;
    extents shape_, strides_;
};

/// A tensor to write.
class mutable_tensor : public tensor {
public:
    template <class T>
    mutable_tensor(T *data, extents shape, extents strides = {}) : tensor(data, std::move(shape), std::move(strides)) {}
    template <class T> mutable_tensor(std::vector<T> &data) : tensor(data) {}
    template <class T> mutable_tensor(std::vector<T> &data, extents shape) : tensor(data, std::move(shape)) {}
};

/// A row-major array lent by a result; valid while the result lives.
template <class T> class array_view {
public:
    explicit array_view(const cpwl_tensor &t) : data_(static_cast<const T *>(t.data)), shape_(t.shape, t.shape + t.ndim) {
        if (t.dtype != detail::dtype<T>::value) throw std::invalid_argument("cpwl::array_view: another data type");
    }
    const T *data() const noexcept { return data_; }
    const T *begin() const noexcept { return data_; }
    const T *end() const noexcept { return data_ + size(); }
    std::size_t size() const noexcept {
        std::size_t n = 1;
        for (std::int64_t length : shape_) n *= static_cast<std::size_t>(length);
        return n;
    }
    const std::vector<std::int64_t> &shape() const noexcept { return shape_; }
    const T &operator[](std::size_t i) const noexcept { return data_[i]; }
    /// The element with that index, one number an axis.
    template <class... I> const T &operator()(I... index) const noexcept {
        std::size_t at = 0, axis = 0;
        ((at = at * static_cast<std::size_t>(shape_[axis++]) + static_cast<std::size_t>(index)), ...);
        return data_[at];
    }

private:
    const T *data_;
    std::vector<std::int64_t> shape_;
};

/// Segments of a decision boundary or level set.
class boundary {
public:
    cpwl_boundary_summary info() const {
        auto out = options<cpwl_boundary_summary>();
        ctx_.check(cpwl_boundary_info(ctx_.get(), handle_.get(), &out));
        return out;
    }
    std::int64_t n_segments() const { return info().n_segments; }
    /// Total length, in units of (u, v).
    double length() const {
        const auto i = info();
        return i.interior_length + i.on_edge_length;
    }
    /// (n, 2, 2)
    array_view<double> segments() const { return array<double>(CPWL_BOUNDARY_SEGMENTS); }
    array_view<std::int64_t> cells() const { return array<std::int64_t>(CPWL_BOUNDARY_CELL); }
    /// (n, 2)
    array_view<std::int32_t> labels() const { return array<std::int32_t>(CPWL_BOUNDARY_LABELS); }
    array_view<std::uint8_t> on_edge() const { return array<std::uint8_t>(CPWL_BOUNDARY_ON_EDGE); }
    array_view<std::int64_t> flat_cells() const { return array<std::int64_t>(CPWL_BOUNDARY_FLAT_CELLS); }
    /// Polyline p has the points offsets[p] .. offsets[p + 1] - 1 of polyline_points().
    array_view<std::int64_t> polyline_offsets() const { return array<std::int64_t>(CPWL_BOUNDARY_POLYLINE_OFFSETS); }
    /// (n + P, 2)
    array_view<double> polyline_points() const { return array<double>(CPWL_BOUNDARY_POLYLINE_POINTS); }
    /// (P, 2)
    array_view<std::int32_t> polyline_labels() const { return array<std::int32_t>(CPWL_BOUNDARY_POLYLINE_LABELS); }
    array_view<std::uint8_t> polyline_closed() const { return array<std::uint8_t>(CPWL_BOUNDARY_POLYLINE_CLOSED); }
    /// (J, 2)
    array_view<double> junctions() const { return array<double>(CPWL_BOUNDARY_JUNCTIONS); }

    /// `n` random points, uniform by length: (n, 2) in (u, v).
    std::vector<double> sample(std::int64_t n, std::uint64_t seed = 0, std::int32_t metric = CPWL_METRIC_DOMAIN,
                               const context &ctx = {}) const {
        std::vector<double> points(static_cast<std::size_t>(n > 0 ? 2 * n : 0));
        const mutable_tensor out(points.data(), {n, 2});
        auto o = options<cpwl_boundary_points_options>();
        o.seed = seed;
        o.metric = metric;
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_boundary_sample(ctx.get(), handle_.get(), &o, &t, nullptr, nullptr));
        return points;
    }

    /// Signed distance of each of the `points` (n, 2): positive on the side of the first label or of higher values.
    std::vector<double> distances(const tensor &points, std::int32_t metric = CPWL_METRIC_DOMAIN,
                                  const context &ctx = {}) const {
        std::vector<double> found(points.shape().empty() ? 0 : static_cast<std::size_t>(points.shape()[0]));
        const mutable_tensor out(found);
        auto o = options<cpwl_boundary_points_options>();
        o.metric = metric;
        const cpwl_tensor in = points.raw();
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_boundary_nearest(ctx.get(), handle_.get(), &in, &o, &t, nullptr, nullptr));
        return found;
    }
    template <class T> array_view<T> array(cpwl_boundary_array_id which) const {
        cpwl_tensor t{};
        ctx_.check(cpwl_boundary_array(ctx_.get(), handle_.get(), which, &t));
        return array_view<T>(t);
    }
    const cpwl_boundary *get() const noexcept { return handle_.get(); }

private:
    friend class partition;
    boundary(context ctx, cpwl_boundary *made) : ctx_(std::move(ctx)), handle_(made) {}
    context ctx_;
    detail::handle<cpwl_boundary, cpwl_boundary_free> handle_;
};

/// What the regions of a partition look like, each and in total.
class statistics {
public:
    cpwl_statistics_summary info() const {
        auto out = options<cpwl_statistics_summary>();
        ctx_.check(cpwl_statistics_info(ctx_.get(), handle_.get(), &out));
        return out;
    }
    cpwl_spread spread(cpwl_quantity quantity) const {
        auto out = options<cpwl_spread>();
        ctx_.check(cpwl_statistics_spread(ctx_.get(), handle_.get(), quantity, &out));
        return out;
    }
    template <class T> array_view<T> array(cpwl_statistics_array_id which) const {
        cpwl_tensor t{};
        ctx_.check(cpwl_statistics_array(ctx_.get(), handle_.get(), which, &t));
        return array_view<T>(t);
    }
    const cpwl_statistics *get() const noexcept { return handle_.get(); }

private:
    friend class partition;
    statistics(context ctx, cpwl_statistics *made) : ctx_(std::move(ctx)), handle_(made) {}
    context ctx_;
    detail::handle<cpwl_statistics, cpwl_statistics_free> handle_;
};

/// The linear regions of a network on a domain.
class partition {
public:
    cpwl_partition_summary info() const {
        auto out = options<cpwl_partition_summary>();
        ctx_.check(cpwl_partition_info(ctx_.get(), handle_.get(), &out));
        return out;
    }
    std::int64_t n_regions() const { return info().n_regions; }

    /// (V, 2)
    array_view<double> vertices() const { return array<double>(CPWL_PARTITION_VERTICES); }
    array_view<std::int64_t> cell_offsets() const { return array<std::int64_t>(CPWL_PARTITION_CELL_OFFSETS); }
    array_view<std::int64_t> cell_vertices() const { return array<std::int64_t>(CPWL_PARTITION_CELL_VERTICES); }
    array_view<std::int64_t> cell_edges() const { return array<std::int64_t>(CPWL_PARTITION_CELL_EDGES); }
    /// (E, 2)
    array_view<std::int64_t> edges() const { return array<std::int64_t>(CPWL_PARTITION_EDGES); }
    /// (E, 2)
    array_view<std::int64_t> edge_cells() const { return array<std::int64_t>(CPWL_PARTITION_EDGE_CELLS); }
    array_view<std::int32_t> edge_layers() const { return array<std::int32_t>(CPWL_PARTITION_EDGE_LAYER); }
    array_view<std::int64_t> edge_units() const { return array<std::int64_t>(CPWL_PARTITION_EDGE_UNIT); }
    array_view<std::int32_t> edge_knots() const { return array<std::int32_t>(CPWL_PARTITION_EDGE_KNOT); }
    array_view<double> areas() const { return array<double>(CPWL_PARTITION_AREAS); }
    /// (F, 2)
    array_view<double> centroids() const { return array<double>(CPWL_PARTITION_CENTROIDS); }
    /// (F, K, 2)
    array_view<double> map_a() const { return array<double>(CPWL_PARTITION_MAP_A); }
    /// (F, K)
    array_view<double> map_b() const { return array<double>(CPWL_PARTITION_MAP_B); }
    /// (C, 2)
    array_view<double> polygons() const { return array<double>(CPWL_PARTITION_POLYGONS); }
    array_view<std::int64_t> layer_cells() const { return array<std::int64_t>(CPWL_PARTITION_LAYER_CELLS); }
    template <class T> array_view<T> array(cpwl_partition_array_id which) const {
        cpwl_tensor t{};
        ctx_.check(cpwl_partition_array(ctx_.get(), handle_.get(), which, &t));
        return array_view<T>(t);
    }

    /// The activation patterns of cells first .. first + count - 1, (count, n_units).
    std::vector<std::uint8_t> patterns(std::int64_t first, std::int64_t count, const context &ctx = {}) const {
        const std::int64_t units = info().n_units;
        std::vector<std::uint8_t> codes(static_cast<std::size_t>(count > 0 ? count * units : 0));
        const mutable_tensor out(codes.data(), {count, units});
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_partition_patterns(ctx.get(), handle_.get(), first, count, &t));
        return codes;
    }

    /// The cell of each of the `points` (n, 2), -1 outside.
    std::vector<std::int64_t> locate(const tensor &points, const context &ctx = {}) const {
        std::vector<std::int64_t> cells(points.shape().empty() ? 0 : static_cast<std::size_t>(points.shape()[0]));
        const mutable_tensor out(cells);
        const cpwl_tensor in = points.raw();
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_partition_locate(ctx.get(), handle_.get(), &in, &t));
        return cells;
    }

    /// The linear piece of each cell: cells merged where the affine map of the outputs is the same on both sides.
    std::vector<std::int64_t> linear_pieces(const context &ctx = {}) const {
        std::vector<std::int64_t> labels(static_cast<std::size_t>(n_regions()));
        const mutable_tensor out(labels);
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_partition_linear_pieces(ctx.get(), handle_.get(), &t, nullptr));
        return labels;
    }

    /// How many cells the open disc about each of the `centers` (n, 2) with that one of `radii` (n) meets.
    std::vector<std::int64_t> count_in_ball(const tensor &centers, const tensor &radii,
                                            std::int32_t metric = CPWL_METRIC_DOMAIN, const context &ctx = {}) const {
        std::vector<std::int64_t> counts(centers.shape().empty() ? 0 : static_cast<std::size_t>(centers.shape()[0]));
        const mutable_tensor out(counts);
        auto o = options<cpwl_ball_options>();
        o.metric = metric;
        const cpwl_tensor c = centers.raw(), r = radii.raw();
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_partition_count_in_ball(ctx.get(), handle_.get(), &c, &r, &o, &t));
        return counts;
    }

    class statistics statistics(std::int32_t metric = CPWL_METRIC_DOMAIN, const context &ctx = {}) const {
        auto o = options<cpwl_statistics_options>();
        o.metric = metric;
        cpwl_statistics *made = nullptr;
        ctx.check(cpwl_statistics_new(ctx.get(), handle_.get(), &o, &made));
        return {ctx, made};
    }

    class boundary boundary(const cpwl_boundary_options &o = options<cpwl_boundary_options>(),
                            const context &ctx = {}) const {
        cpwl_boundary *made = nullptr;
        ctx.check(cpwl_boundary_new(ctx.get(), handle_.get(), &o, &made));
        return {ctx, made};
    }
    class boundary level_set(std::int32_t output, double level = 0, const context &ctx = {}) const {
        auto o = options<cpwl_boundary_options>();
        o.mode = CPWL_BOUNDARY_MODE_LEVEL_SET;
        o.output = output;
        o.level = level;
        return boundary(o, ctx);
    }

    void write_svg(const std::string &path, const class boundary *over = nullptr,
                   const cpwl_svg_options &o = options<cpwl_svg_options>(), const context &ctx = {}) const {
        ctx.check(cpwl_partition_write_svg(ctx.get(), handle_.get(), over ? over->get() : nullptr, &o, path.c_str()));
    }

    const cpwl_partition *get() const noexcept { return handle_.get(); }

private:
    friend class network;
    partition(context ctx, cpwl_partition *made) : ctx_(std::move(ctx)), handle_(made) {}
    context ctx_;
    detail::handle<cpwl_partition, cpwl_partition_free> handle_;
};

/// The linear regions of a network on a domain of any dimension, each given by half-spaces.
class enumeration {
public:
    cpwl_enumeration_summary info() const {
        auto out = options<cpwl_enumeration_summary>();
        ctx_.check(cpwl_enumeration_info(ctx_.get(), handle_.get(), &out));
        return out;
    }
    std::int64_t n_regions() const { return info().n_regions; }

    template <class T> array_view<T> array(cpwl_enumeration_array_id which) const {
        cpwl_tensor t{};
        ctx_.check(cpwl_enumeration_array(ctx_.get(), handle_.get(), which, &t));
        return array_view<T>(t);
    }

    /// The activation patterns of regions first .. first + count - 1, (count, n_units).
    std::vector<std::uint8_t> patterns(std::int64_t first, std::int64_t count, const context &ctx = {}) const {
        const std::int64_t units = info().n_units;
        std::vector<std::uint8_t> codes(static_cast<std::size_t>(count > 0 ? count * units : 0));
        const mutable_tensor out(codes.data(), {count, units});
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_enumeration_patterns(ctx.get(), handle_.get(), first, count, &t));
        return codes;
    }

    /// The region of each of the `points` (n, d), -1 outside.
    std::vector<std::int64_t> locate(const tensor &points, const context &ctx = {}) const {
        std::vector<std::int64_t> regions(points.shape().empty() ? 0 : static_cast<std::size_t>(points.shape()[0]));
        const mutable_tensor out(regions);
        const cpwl_tensor in = points.raw();
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_enumeration_locate(ctx.get(), handle_.get(), &in, &t));
        return regions;
    }

    const cpwl_enumeration *get() const noexcept { return handle_.get(); }

private:
    friend class network;
    enumeration(context ctx, cpwl_enumeration *made) : ctx_(std::move(ctx)), handle_(made) {}
    context ctx_;
    detail::handle<cpwl_enumeration, cpwl_enumeration_free> handle_;
};

/// Where to partition.
class domain {
public:
    static domain box(const std::array<double, 2> &lo, const std::array<double, 2> &hi, const context &ctx = {}) {
        const tensor l(lo.data(), {2}), h(hi.data(), {2});
        const cpwl_tensor lt = l.raw(), ht = h.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_box(ctx.get(), &lt, &ht, out); });
    }
    /// A box of any dimension: `lo` and `hi` are (d).
    static domain box_of(const tensor &lo, const tensor &hi, const context &ctx = {}) {
        const cpwl_tensor l = lo.raw(), h = hi.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_box(ctx.get(), &l, &h, out); });
    }
    /// `vertices` is (d + 1, d).
    static domain simplex(const tensor &vertices, const context &ctx = {}) {
        const cpwl_tensor t = vertices.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_simplex(ctx.get(), &t, out); });
    }
    /// All x with a x <= b: `a` is (m, d), `b` is (m).
    static domain polytope(const tensor &a, const tensor &b, const context &ctx = {}) {
        const cpwl_tensor at = a.raw(), bt = b.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_polytope(ctx.get(), &at, &bt, out); });
    }
    static domain ball(const tensor &center, double radius, const context &ctx = {}) {
        const cpwl_tensor t = center.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_ball(ctx.get(), &t, radius, out); });
    }
    static domain space(std::int64_t dim, const context &ctx = {}) {
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_space(ctx.get(), dim, out); });
    }
    /// This domain as a slice of a larger input space: `origin` is (D), `axes` (d, D).
    domain embedded(const tensor &origin, const tensor &axes, const context &ctx = {}) const {
        const cpwl_tensor o = origin.raw(), a = axes.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_embed(ctx.get(), get(), &o, &a, out); });
    }
    cpwl_domain_summary info() const {
        auto out = options<cpwl_domain_summary>();
        context().check(cpwl_domain_info(nullptr, get(), &out));
        return out;
    }
    /// `vertices` is (m, 2).
    static domain polygon(const tensor &vertices, const context &ctx = {}) {
        const cpwl_tensor t = vertices.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_polygon(ctx.get(), &t, out); });
    }
    /// `origin` is (D), `axes` (2, D), `polygon` (m, 2) or left out for [-1, 1] x [-1, 1].
    static domain slice(const tensor &origin, const tensor &axes, const std::optional<tensor> &polygon = {},
                        const context &ctx = {}) {
        const cpwl_tensor o = origin.raw(), a = axes.raw(), p = polygon ? polygon->raw() : cpwl_tensor{};
        return make(ctx, [&](cpwl_domain **out) {
            return cpwl_domain_slice(ctx.get(), &o, &a, polygon ? &p : nullptr, out);
        });
    }
    /// `anchors` is (3, D).
    static domain slice_anchors(const tensor &anchors, double margin, const context &ctx = {}) {
        const cpwl_tensor t = anchors.raw();
        return make(ctx, [&](cpwl_domain **out) { return cpwl_domain_slice_anchors(ctx.get(), &t, margin, out); });
    }
    const cpwl_domain *get() const noexcept { return handle_.get(); }

private:
    explicit domain(cpwl_domain *made) : handle_(made) {}
    template <class F> static domain make(const context &ctx, F f) {
        cpwl_domain *made = nullptr;
        ctx.check(f(&made));
        return domain(made);
    }
    detail::handle<cpwl_domain, cpwl_domain_free> handle_;
};

/// A convex set of any dimension, on which a network is made affine.
class convex_set {
public:
    /// All x with |x - center| <= radius along every axis; both (D).
    static convex_set box(const tensor &center, const tensor &radius, const context &ctx = {}) {
        const cpwl_tensor c = center.raw(), r = radius.raw();
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_box(ctx.get(), &c, &r, out); });
    }
    /// The lp ball, p = 1, 2 or infinity; `center` is (D).
    static convex_set ball(const tensor &center, double radius, double p = 2, const context &ctx = {}) {
        const cpwl_tensor c = center.raw();
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_ball(ctx.get(), &c, radius, p, out); });
    }
    /// `center` is (D), `generators` (D, p).
    static convex_set zonotope(const tensor &center, const tensor &generators, const context &ctx = {}) {
        const cpwl_tensor c = center.raw(), g = generators.raw();
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_zonotope(ctx.get(), &c, &g, out); });
    }
    /// `center` is (D), `shape` (D, p).
    static convex_set ellipsoid(const tensor &center, const tensor &shape, const context &ctx = {}) {
        const cpwl_tensor c = center.raw(), s = shape.raw();
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_ellipsoid(ctx.get(), &c, &s, out); });
    }
    /// The hull of `points` (n, D), and everything in the directions `rays` (m, D) from it.
    static convex_set vertices(const tensor &points, const std::optional<tensor> &rays = {}, const context &ctx = {}) {
        const cpwl_tensor p = points.raw(), r = rays ? rays->raw() : cpwl_tensor{};
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_vertices(ctx.get(), &p, rays ? &r : nullptr, out); });
    }
    /// All origin + x with x >= 0 that add up to `size` at most.
    static convex_set simplex(const tensor &origin, double size, const context &ctx = {}) {
        const cpwl_tensor o = origin.raw();
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_simplex(ctx.get(), &o, size, out); });
    }
    /// All x with a x <= b: `a` is (m, D), `b` is (m).
    static convex_set polytope(const tensor &a, const tensor &b, const context &ctx = {}) {
        const cpwl_tensor at = a.raw(), bt = b.raw();
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_polytope(ctx.get(), &at, &bt, out); });
    }
    /// The hull of this set and another.
    convex_set hull(const convex_set &other, const context &ctx = {}) const {
        const std::array<const cpwl_set *, 2> both{get(), other.get()};
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_hull(ctx.get(), both.data(), 2, out); });
    }
    /// All pairs of a point of this set and one of another.
    convex_set product(const convex_set &other, const context &ctx = {}) const {
        const std::array<const cpwl_set *, 2> both{get(), other.get()};
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_product(ctx.get(), both.data(), 2, out); });
    }
    /// The image under x -> matrix x + shift: `matrix` is (E, D), `shift` (E).
    convex_set image(const tensor &matrix, const std::optional<tensor> &shift = {}, const context &ctx = {}) const {
        const cpwl_tensor m = matrix.raw(), s = shift ? shift->raw() : cpwl_tensor{};
        return make(ctx, [&](cpwl_set **out) {
            return cpwl_set_image(ctx.get(), get(), &m, shift ? &s : nullptr, out);
        });
    }
    /// Scaled by t, 0 <= t <= 1, about its centre.
    convex_set scaled(double t, const context &ctx = {}) const {
        return make(ctx, [&](cpwl_set **out) { return cpwl_set_scaled(ctx.get(), get(), t, out); });
    }
    /// Minkowski sum.
    friend convex_set operator+(const convex_set &a, const convex_set &b) {
        return make(context(), [&](cpwl_set **out) { return cpwl_set_sum(nullptr, a.get(), b.get(), out); });
    }
    cpwl_set_summary info() const {
        auto out = options<cpwl_set_summary>();
        context().check(cpwl_set_info(nullptr, get(), &out));
        return out;
    }
    /// (n_rows, D): what gradients with respect to the set are told for.
    array_view<double> rows() const {
        cpwl_tensor t{};
        context().check(cpwl_set_rows(nullptr, get(), &t));
        return array_view<double>(t);
    }
    const cpwl_set *get() const noexcept { return handle_.get(); }

private:
    explicit convex_set(cpwl_set *made) : handle_(made) {}
    template <class F> static convex_set make(const context &ctx, F f) {
        cpwl_set *made = nullptr;
        ctx.check(f(&made));
        return convex_set(made);
    }
    detail::handle<cpwl_set, cpwl_set_free> handle_;
};

/// Several sets, which must outlive the call that they are given to.
using convex_sets = std::vector<std::reference_wrapper<const convex_set>>;

/// Verdicts on a network over convex regions; see `cpwl_certify`.
class certificates {
public:
    cpwl_certificate_summary get(std::int32_t region = 0) const {
        auto out = options<cpwl_certificate_summary>();
        context().check(cpwl_certificates_get(nullptr, handle_.get(), region, &out));
        return out;
    }
    bool certified(std::int32_t region = 0) const { return get(region).verdict == CPWL_CERTIFIED; }
    template <class T> array_view<T> array(cpwl_certificate_array_id which, std::int32_t region = 0) const {
        cpwl_tensor t{};
        context().check(cpwl_certificates_array(nullptr, handle_.get(), which, region, &t));
        return array_view<T>(t);
    }

private:
    friend class network;
    explicit certificates(cpwl_certificates *made) : handle_(made) {}
    detail::handle<cpwl_certificates, cpwl_certificates_free> handle_;
};

/// f(x) = a x + b: a is (B, n_outputs, n_inputs), b is (B, n_outputs).
struct affine_map {
    std::vector<double> a, b;
};

/// A network.
class network {
public:
    /// Smooth activations are refused unless `smooth_knots` says how many knots what stands for them may have.
    static network from_onnx(const void *bytes, std::size_t size, const context &ctx = {}, int smooth_knots = 0) {
        cpwl_network *made = nullptr;
        const auto o = onnx(smooth_knots);
        ctx.check(cpwl_network_from_onnx(ctx.get(), bytes, size, &o, &made));
        return network(made);
    }
    static network from_onnx_file(const std::string &path, const context &ctx = {}, int smooth_knots = 0) {
        cpwl_network *made = nullptr;
        const auto o = onnx(smooth_knots);
        ctx.check(cpwl_network_from_onnx_file(ctx.get(), path.c_str(), &o, &made));
        return network(made);
    }

    cpwl_network_summary info() const {
        auto out = options<cpwl_network_summary>();
        context().check(cpwl_network_info(nullptr, handle_.get(), &out));
        return out;
    }
    tensor::extents input_shape() const { return shape(cpwl_network_input_shape); }
    tensor::extents output_shape() const { return shape(cpwl_network_output_shape); }
    /// The pointers in it are valid while the network lives.
    cpwl_node_info node(std::int32_t index) const {
        auto out = options<cpwl_node_info>();
        context().check(cpwl_network_node(nullptr, handle_.get(), index, &out));
        return out;
    }

    /// What stands for smooth activations. The pointers in it are valid while the network lives.
    std::vector<cpwl_approximation_summary> approximations() const {
        std::vector<cpwl_approximation_summary> all(static_cast<std::size_t>(info().n_approximations));
        for (std::size_t i = 0; i < all.size(); i++) {
            all[i] = options<cpwl_approximation_summary>();
            const auto index = static_cast<std::int32_t>(i);
            context().check(cpwl_network_approximation(nullptr, handle_.get(), index, &all[i]));
        }
        return all;
    }
    /// See `cpwl_network_fuse_relu_max`.
    network fuse_relu_max() const {
        cpwl_network *made = nullptr;
        context().check(cpwl_network_fuse_relu_max(nullptr, handle_.get(), &made));
        return network(made);
    }

    /// An ONNX file in memory; `dtype` is CPWL_F32, CPWL_F64 or 0 for that of the network. See `cpwl_network_to_onnx`.
    std::vector<std::uint8_t> to_onnx(std::int32_t dtype = 0, const context &ctx = {}) const {
        auto o = options<cpwl_onnx_write_options>();
        o.dtype = dtype;
        cpwl_bytes *made = nullptr;
        ctx.check(cpwl_network_to_onnx(ctx.get(), handle_.get(), &o, &made));
        const detail::handle<cpwl_bytes, cpwl_bytes_free> bytes(made);
        const void *data = nullptr;
        std::size_t size = 0;
        ctx.check(cpwl_bytes_get(ctx.get(), bytes.get(), &data, &size));
        const auto *first = static_cast<const std::uint8_t *>(data);
        return {first, first + size};
    }
    void to_onnx_file(const std::string &path, std::int32_t dtype = 0, const context &ctx = {}) const {
        auto o = options<cpwl_onnx_write_options>();
        o.dtype = dtype;
        ctx.check(cpwl_network_to_onnx_file(ctx.get(), handle_.get(), &o, path.c_str()));
    }

    void forward(const tensor &x, const mutable_tensor &y, const context &ctx = {}) const {
        const cpwl_tensor in = x.raw();
        cpwl_tensor out = y.raw();
        ctx.check(cpwl_network_forward(ctx.get(), handle_.get(), &in, nullptr, &out));
    }
    /// (B, n_outputs), computed in T.
    template <class T = double> std::vector<T> forward(const tensor &x, const context &ctx = {}) const {
        const auto n = info();
        std::vector<T> y(static_cast<std::size_t>(samples(x, n) * n.n_outputs));
        forward(x, mutable_tensor(y, {samples(x, n), n.n_outputs}), ctx);
        return y;
    }
    /// (B, n_units)
    std::vector<std::int32_t> pattern(const tensor &x, const context &ctx = {}) const {
        const auto n = info();
        std::vector<std::int32_t> codes(static_cast<std::size_t>(samples(x, n) * n.n_units));
        const mutable_tensor out(codes, {samples(x, n), n.n_units});
        const cpwl_tensor in = x.raw();
        cpwl_tensor t = out.raw();
        ctx.check(cpwl_network_pattern(ctx.get(), handle_.get(), &in, &t));
        return codes;
    }
    affine_map affine_at(const tensor &x, const context &ctx = {}) const {
        const auto n = info();
        const std::int64_t batch = samples(x, n);
        affine_map map;
        map.a.resize(static_cast<std::size_t>(batch * n.n_outputs * n.n_inputs));
        map.b.resize(static_cast<std::size_t>(batch * n.n_outputs));
        const mutable_tensor a(map.a, {batch, n.n_outputs, n.n_inputs}), b(map.b, {batch, n.n_outputs});
        const cpwl_tensor in = x.raw();
        cpwl_tensor at = a.raw(), bt = b.raw();
        ctx.check(cpwl_network_affine_at(ctx.get(), handle_.get(), &in, &at, &bt));
        return map;
    }

    class partition partition(const domain &where, const cpwl_partition_options &o = options<cpwl_partition_options>(),
                              const context &ctx = {}) const {
        cpwl_partition *made = nullptr;
        ctx.check(cpwl_partition_new(ctx.get(), handle_.get(), where.get(), &o, &made));
        return {ctx, made};
    }
    class partition partition(const domain &where, const context &ctx) const {
        return partition(where, options<cpwl_partition_options>(), ctx);
    }

    /// This network made affine on convex regions, see `cpwl_police`.
    class policed police(const convex_sets &regions, const cpwl_police_options &o = options<cpwl_police_options>(),
                         const context &ctx = {}) const;
    class policed police(const convex_set &region, const cpwl_police_options &o = options<cpwl_police_options>(),
                         const context &ctx = {}) const;
    /// Whether this network is affine on convex regions, with proof.
    certificates certify(const convex_sets &regions, const cpwl_certify_options &o = options<cpwl_certify_options>(),
                         const context &ctx = {}) const {
        std::vector<const cpwl_set *> sets;
        for (const convex_set &region : regions) sets.push_back(region.get());
        cpwl_certificates *made = nullptr;
        ctx.check(cpwl_certify(ctx.get(), get(), sets.data(), static_cast<std::int32_t>(sets.size()), &o, &made));
        return certificates(made);
    }

    enumeration enumerate(const domain &where,
                          const cpwl_enumeration_options &o = options<cpwl_enumeration_options>(),
                          const context &ctx = {}) const {
        cpwl_enumeration *made = nullptr;
        ctx.check(cpwl_enumeration_new(ctx.get(), handle_.get(), where.get(), &o, &made));
        return {ctx, made};
    }

    const cpwl_network *get() const noexcept { return handle_.get(); }

private:
    friend class network_builder;
    friend class policed;
    explicit network(cpwl_network *made) : handle_(made) {}
    static cpwl_onnx_options onnx(int smooth_knots) noexcept {
        auto o = options<cpwl_onnx_options>();
        o.smooth_knots = smooth_knots;
        return o;
    }
    static std::int64_t samples(const tensor &x, const cpwl_network_summary &n) noexcept {
        return n.n_inputs > 0 ? x.size() / n.n_inputs : 0;
    }
    template <class F> tensor::extents shape(F f) const {
        std::int32_t ndim = 0;
        context().check(f(nullptr, handle_.get(), nullptr, &ndim));
        tensor::extents shape(static_cast<std::size_t>(ndim));
        context().check(f(nullptr, handle_.get(), shape.data(), &ndim));
        return shape;
    }
    detail::handle<cpwl_network, cpwl_network_free> handle_;
};

/// A network that is affine on convex regions, and how it became so.
class policed {
public:
    cpwl_policed_summary info() const {
        auto out = options<cpwl_policed_summary>();
        ctx_.check(cpwl_policed_info(ctx_.get(), handle_.get(), &out));
        return out;
    }
    cpwl_policed_layer_summary layer(std::int32_t index) const {
        auto out = options<cpwl_policed_layer_summary>();
        ctx_.check(cpwl_policed_layer(ctx_.get(), handle_.get(), index, &out));
        return out;
    }
    /// The folded network; it outlives this object.
    class network network() const {
        cpwl_network *made = nullptr;
        ctx_.check(cpwl_policed_network(ctx_.get(), handle_.get(), &made));
        return cpwl::network(made);
    }
    /// What belongs to policed layer or region `index`.
    template <class T> array_view<T> array(cpwl_policed_array_id which, std::int32_t index = 0) const {
        cpwl_tensor t{};
        ctx_.check(cpwl_policed_array(ctx_.get(), handle_.get(), which, index, &t));
        return array_view<T>(t);
    }
    /// (groups)
    array_view<double> shifts(std::int32_t layer) const { return array<double>(CPWL_POLICED_SHIFTS, layer); }
    /// (groups)
    array_view<double> biases(std::int32_t layer) const { return array<double>(CPWL_POLICED_BIASES, layer); }
    /// (regions, groups)
    array_view<std::int32_t> codes(std::int32_t layer) const { return array<std::int32_t>(CPWL_POLICED_CODES, layer); }
    /// (n_outputs, n_inputs): the A of y = A x + c on a region.
    array_view<double> map_a(std::int32_t region = 0) const { return array<double>(CPWL_POLICED_MAP_A, region); }
    /// (n_outputs)
    array_view<double> map_c(std::int32_t region = 0) const { return array<double>(CPWL_POLICED_MAP_C, region); }

    /// Gradients through the folding, one vector each: of the parameters of the original network, and of the rows of the
    /// sets, as many as there are.
    struct gradients {
        std::vector<std::vector<double>> parameters, rows;
    };
    /// Fills `to`, whose vectors have the lengths that are wanted (empty: not wanted). `folded` are the gradients of the
    /// parameters of the folded network; an empty vector stands for zeros.
    void backward(const std::vector<std::vector<double>> &folded, gradients &to, const context &ctx = {}) const {
        std::vector<tensor> lent;
        const auto raw = [&lent](const std::vector<double> &values) {
            lent.emplace_back(values);
            return values.empty() ? cpwl_tensor{} : lent.back().raw();
        };
        lent.reserve(folded.size() + to.parameters.size() + to.rows.size());
        std::vector<cpwl_tensor> in, parameters, rows;
        for (const auto &values : folded) in.push_back(raw(values));
        for (const auto &values : to.parameters) parameters.push_back(raw(values));
        for (const auto &values : to.rows) rows.push_back(raw(values));
        const auto n = [](const auto &list) { return static_cast<std::int32_t>(list.size()); };
        ctx.check(cpwl_policed_backward(ctx.get(), get(), in.data(), n(in), parameters.data(), n(parameters), rows.data(),
                                        n(rows)));
    }
    const cpwl_policed *get() const noexcept { return handle_.get(); }

private:
    friend class network;
    policed(context ctx, cpwl_policed *made) : ctx_(std::move(ctx)), handle_(made) {}
    context ctx_;
    detail::handle<cpwl_policed, cpwl_policed_free> handle_;
};

inline policed network::police(const convex_sets &regions, const cpwl_police_options &o, const context &ctx) const {
    std::vector<const cpwl_set *> sets;
    for (const convex_set &region : regions) sets.push_back(region.get());
    cpwl_policed *made = nullptr;
    ctx.check(cpwl_police(ctx.get(), get(), sets.data(), static_cast<std::int32_t>(sets.size()), &o, &made));
    return {ctx, made};
}
inline policed network::police(const convex_set &region, const cpwl_police_options &o, const context &ctx) const {
    return police(convex_sets{region}, o, ctx);
}

/// Builds a network. Every layer reads node `input` (last = the one added last) and returns the id of the new node.
class network_builder {
public:
    static constexpr std::int32_t last = -1;

    explicit network_builder(const tensor::extents &input_shape, context ctx = {}) : ctx_(std::move(ctx)) {
        cpwl_network_builder *made = nullptr;
        ctx_.check(cpwl_network_builder_new(ctx_.get(), input_shape.data(), int_of(input_shape.size()), &made));
        handle_.reset(made);
    }

    void name(std::int32_t node, const std::string &text) {
        ctx_.check(cpwl_network_builder_name(ctx_.get(), handle_.get(), node, text.c_str()));
    }
    std::int32_t dense(const tensor &weight, const std::optional<tensor> &bias = {}, std::int32_t input = last) {
        return layer(cpwl_network_builder_dense, input, in(weight), in(bias));
    }
    std::int32_t conv2d(const tensor &weight, const std::optional<tensor> &bias = {},
                        const cpwl_conv2d_options &o = options<cpwl_conv2d_options>(), std::int32_t input = last) {
        return layer(cpwl_network_builder_conv2d, input, in(weight), in(bias), &o);
    }
    std::int32_t activation(cpwl_activation kind,
                            const cpwl_activation_options &o = options<cpwl_activation_options>(),
                            std::int32_t input = last) {
        return layer(cpwl_network_builder_activation, input, static_cast<std::int32_t>(kind), &o);
    }
    /// At most `knots` knots in place of a smooth function.
    std::int32_t smooth(cpwl_smooth kind, std::int64_t knots,
                        const cpwl_smooth_options &o = options<cpwl_smooth_options>(), std::int32_t input = last) {
        return layer(cpwl_network_builder_smooth, input, static_cast<std::int32_t>(kind), knots, &o);
    }
    std::int32_t relu(std::int32_t input = last) {
        return activation(CPWL_RELU, options<cpwl_activation_options>(), input);
    }
    std::int32_t prelu(const tensor &slopes, std::int32_t input = last) {
        return layer(cpwl_network_builder_prelu, input, in(slopes));
    }
    std::int32_t pwl(const tensor &knots, const tensor &slopes, double value_at_first_knot, std::int32_t input = last) {
        return layer(cpwl_network_builder_pwl, input, in(knots), in(slopes), value_at_first_knot);
    }
    std::int32_t maxout(std::int64_t group, std::int32_t input = last) {
        return layer(cpwl_network_builder_maxout, input, group);
    }
    std::int32_t max_pool2d(const cpwl_pool2d_options &o, std::int32_t input = last) {
        return layer(cpwl_network_builder_max_pool2d, input, &o);
    }
    std::int32_t avg_pool2d(const cpwl_pool2d_options &o, std::int32_t input = last) {
        return layer(cpwl_network_builder_avg_pool2d, input, &o);
    }
    std::int32_t global_avg_pool(std::int32_t input = last) {
        return layer(cpwl_network_builder_global_avg_pool, input);
    }
    std::int32_t batch_norm(const std::optional<tensor> &gamma, const std::optional<tensor> &beta, const tensor &mean,
                            const tensor &var, double eps, std::int32_t input = last) {
        return layer(cpwl_network_builder_batch_norm, input, in(gamma), in(beta), in(mean), in(var), eps);
    }
    std::int32_t scale_shift(const std::optional<tensor> &scale, const std::optional<tensor> &shift,
                             std::int32_t input = last) {
        return layer(cpwl_network_builder_scale_shift, input, in(scale), in(shift));
    }
    std::int32_t flatten(std::int32_t input = last) { return layer(cpwl_network_builder_flatten, input); }
    std::int32_t reshape(const tensor::extents &shape, std::int32_t input = last) {
        return layer(cpwl_network_builder_reshape, input, shape.data(), int_of(shape.size()));
    }
    std::int32_t add(const std::vector<std::int32_t> &inputs) {
        std::int32_t node = 0;
        ctx_.check(cpwl_network_builder_add(ctx_.get(), handle_.get(), inputs.data(), int_of(inputs.size()), &node));
        return node;
    }
    std::int32_t concat(const std::vector<std::int32_t> &inputs, std::int32_t axis) {
        std::int32_t node = 0;
        ctx_.check(cpwl_network_builder_concat(ctx_.get(), handle_.get(), inputs.data(), int_of(inputs.size()), axis,
                                               &node));
        return node;
    }
    /// The network whose output is node `output`.
    network finish(std::int32_t output = last) const {
        cpwl_network *made = nullptr;
        ctx_.check(cpwl_network_builder_finish(ctx_.get(), handle_.get(), output, &made));
        return network(made);
    }

private:
    /// A tensor argument: NULL or a struct that lives as long as the call.
    struct argument {
        std::optional<cpwl_tensor> value;
        operator const cpwl_tensor *() const noexcept { return value ? &*value : nullptr; }
    };
    static argument in(const tensor &t) { return {t.raw()}; }
    static argument in(const std::optional<tensor> &t) {
        return t ? in(*t) : argument{};
    }
    static std::int32_t int_of(std::size_t n) noexcept { return static_cast<std::int32_t>(n); }
    template <class F, class... Args> std::int32_t layer(F f, std::int32_t input, const Args &...args) {
        std::int32_t node = 0;
        ctx_.check(f(ctx_.get(), handle_.get(), input, args..., &node));
        return node;
    }

    context ctx_;
    detail::handle<cpwl_network_builder, cpwl_network_builder_free> handle_;
};

/// Singular values of rows, and the measures that are read from them. See cpwl_spectrum.
class spectrum {
public:
    /// Of the rows of `z`, (N, K).
    explicit spectrum(const tensor &z, const cpwl_spectrum_options &o = options<cpwl_spectrum_options>(), context ctx = {})
        : ctx_(std::move(ctx)) {
        const cpwl_tensor in = z.raw();
        cpwl_spectrum *made = nullptr;
        ctx_.check(cpwl_spectrum_new(ctx_.get(), &in, &o, &made));
        handle_.reset(made);
    }
    /// Every measure that has no options.
    cpwl_spectrum_summary info() const {
        auto out = options<cpwl_spectrum_summary>();
        ctx_.check(cpwl_spectrum_info(ctx_.get(), get(), &out));
        return out;
    }
    /// (min(N, K)), descending.
    array_view<double> singular_values() const { return array(CPWL_SPECTRUM_SINGULAR_VALUES); }
    /// (min(N, K)): their squares over the sum of these.
    array_view<double> variance_ratios() const { return array(CPWL_SPECTRUM_VARIANCE_RATIOS); }
    double effective_rank(const cpwl_rank_options &o = options<cpwl_rank_options>()) const {
        double value = 0;
        ctx_.check(cpwl_spectrum_effective_rank(ctx_.get(), get(), &o, &value));
        return value;
    }
    double entropy(const cpwl_rank_options &o = options<cpwl_rank_options>()) const {
        double value = 0;
        ctx_.check(cpwl_spectrum_entropy(ctx_.get(), get(), &o, &value));
        return value;
    }
    /// Matrix Renyi entropy; `scale` is a cpwl_entropy_scale.
    double renyi(double order, std::int32_t scale = CPWL_ENTROPY_RAW) const {
        double value = 0;
        ctx_.check(cpwl_spectrum_renyi(ctx_.get(), get(), order, scale, &value));
        return value;
    }
    /// The decay of the variance ratios as a power law.
    cpwl_alpha_fit alpha_req(const cpwl_alpha_options &o = options<cpwl_alpha_options>()) const {
        auto out = options<cpwl_alpha_fit>();
        ctx_.check(cpwl_spectrum_alpha_req(ctx_.get(), get(), &o, &out));
        return out;
    }
    const cpwl_spectrum *get() const noexcept { return handle_.get(); }

private:
    friend class moments;
    friend class queue;
    spectrum(context ctx, cpwl_spectrum *made) : ctx_(std::move(ctx)), handle_(made) {}
    array_view<double> array(cpwl_spectrum_array_id which) const {
        cpwl_tensor t{};
        ctx_.check(cpwl_spectrum_array(ctx_.get(), get(), which, &t));
        return array_view<double>(t);
    }
    context ctx_;
    detail::handle<cpwl_spectrum, cpwl_spectrum_free> handle_;
};

/// Second moments of rows, which stream, merge and travel. Calls run in the context that it was made with; one thread at a
/// time. See cpwl_moments.
class moments {
public:
    explicit moments(std::int64_t n_columns, context ctx = {}) : ctx_(std::move(ctx)) {
        cpwl_moments *made = nullptr;
        ctx_.check(cpwl_moments_new(ctx_.get(), n_columns, &made));
        handle_.reset(made);
    }
    /// About a shift (K) that stays, as flat() needs it.
    static moments with_shift(const tensor &shift, std::int32_t exponent = 0, const context &ctx = {}) {
        const cpwl_tensor s = shift.raw();
        return make(ctx, [&](cpwl_moments **out) { return cpwl_moments_with_shift(ctx.get(), &s, exponent, out); });
    }
    static moments from_bytes(const void *data, std::size_t size, const context &ctx = {}) {
        return make(ctx, [&](cpwl_moments **out) { return cpwl_moments_from_bytes(ctx.get(), data, size, out); });
    }
    static moments from_flat(const tensor &shift, const tensor &flat, std::int32_t exponent = 0, const context &ctx = {}) {
        const cpwl_tensor s = shift.raw(), f = flat.raw();
        return make(ctx, [&](cpwl_moments **out) { return cpwl_moments_from_flat(ctx.get(), &s, exponent, &f, out); });
    }
    cpwl_moments_summary info() const {
        auto out = options<cpwl_moments_summary>();
        ctx_.check(cpwl_moments_info(ctx_.get(), get(), &out));
        return out;
    }
    /// Adds the rows of `z`, (n, K).
    void update(const tensor &z) {
        const cpwl_tensor in = z.raw();
        ctx_.check(cpwl_moments_update(ctx_.get(), handle_.get(), &in));
    }
    /// Takes rows out again.
    void downdate(const tensor &z) {
        const cpwl_tensor in = z.raw();
        ctx_.check(cpwl_moments_downdate(ctx_.get(), handle_.get(), &in));
    }
    void merge(const moments &other) { ctx_.check(cpwl_moments_merge(ctx_.get(), handle_.get(), other.get())); }
    void subtract(const moments &other) { ctx_.check(cpwl_moments_subtract(ctx_.get(), handle_.get(), other.get())); }
    void clear() { ctx_.check(cpwl_moments_clear(ctx_.get(), handle_.get())); }
    /// (K)
    std::vector<double> mean() const {
        std::vector<double> values(static_cast<std::size_t>(info().n_columns));
        const mutable_tensor out(values);
        cpwl_tensor t = out.raw();
        ctx_.check(cpwl_moments_mean(ctx_.get(), get(), &t));
        return values;
    }
    /// (K, K): the sum of the outer products of the rows, or of the rows minus their mean.
    std::vector<double> products(bool centered = false) const {
        const std::int64_t k = info().n_columns;
        std::vector<double> values(static_cast<std::size_t>(k * k));
        const mutable_tensor out(values, {k, k});
        cpwl_tensor t = out.raw();
        ctx_.check(cpwl_moments_products(ctx_.get(), get(), centered, &t));
        return values;
    }
    class spectrum spectrum(bool centered = false) const {
        cpwl_spectrum *made = nullptr;
        ctx_.check(cpwl_moments_spectrum(ctx_.get(), get(), centered, &made));
        return {ctx_, made};
    }
    double participation_ratio(bool centered = false) const {
        double value = 0;
        ctx_.check(cpwl_moments_participation_ratio(ctx_.get(), get(), centered, &value));
        return value;
    }
    cpwl_rank_estimate estimate_rank(const cpwl_rank_estimate_options &o = options<cpwl_rank_estimate_options>()) const {
        auto out = options<cpwl_rank_estimate>();
        ctx_.check(cpwl_moments_estimate_rank(ctx_.get(), get(), &o, &out));
        return out;
    }
    std::vector<std::uint8_t> to_bytes() const {
        cpwl_bytes *made = nullptr;
        ctx_.check(cpwl_moments_to_bytes(ctx_.get(), get(), &made));
        const detail::handle<cpwl_bytes, cpwl_bytes_free> bytes(made);
        const void *data = nullptr;
        std::size_t size = 0;
        ctx_.check(cpwl_bytes_get(ctx_.get(), bytes.get(), &data, &size));
        const auto *first = static_cast<const std::uint8_t *>(data);
        return {first, first + size};
    }
    /// Numbers that processes may sum one by one.
    std::vector<double> flat() const {
        std::vector<double> values(static_cast<std::size_t>(info().flat_size));
        const mutable_tensor out(values);
        cpwl_tensor t = out.raw();
        ctx_.check(cpwl_moments_flat(ctx_.get(), get(), &t));
        return values;
    }
    const cpwl_moments *get() const noexcept { return handle_.get(); }

private:
    friend class queue;
    moments(context ctx, cpwl_moments *made) : ctx_(std::move(ctx)), handle_(made) {}
    template <class F> static moments make(const context &ctx, F f) {
        cpwl_moments *made = nullptr;
        ctx.check(f(&made));
        return {ctx, made};
    }
    context ctx_;
    detail::handle<cpwl_moments, cpwl_moments_free> handle_;
};

/// The last rows of a stream. One thread at a time. See cpwl_queue.
class queue {
public:
    queue(std::int64_t capacity, std::int64_t n_columns, std::int32_t dtype = CPWL_F32, context ctx = {})
        : ctx_(std::move(ctx)) {
        cpwl_queue *made = nullptr;
        ctx_.check(cpwl_queue_new(ctx_.get(), capacity, n_columns, dtype, &made));
        handle_.reset(made);
    }
    cpwl_queue_summary info() const {
        auto out = options<cpwl_queue_summary>();
        ctx_.check(cpwl_queue_info(ctx_.get(), handle_.get(), &out));
        return out;
    }
    void push(const tensor &z) {
        const cpwl_tensor in = z.raw();
        ctx_.check(cpwl_queue_push(ctx_.get(), handle_.get(), &in));
    }
    class moments moments() {
        cpwl_moments *made = nullptr;
        ctx_.check(cpwl_queue_moments(ctx_.get(), handle_.get(), &made));
        return {ctx_, made};
    }
    class spectrum spectrum(bool centered = false) {
        cpwl_spectrum *made = nullptr;
        ctx_.check(cpwl_queue_spectrum(ctx_.get(), handle_.get(), centered, &made));
        return {ctx_, made};
    }

private:
    context ctx_;
    detail::handle<cpwl_queue, cpwl_queue_free> handle_;
};

/// Groups of views, of which LiDAR is taken. One thread at a time. See cpwl_lidar.
class lidar {
public:
    explicit lidar(std::int64_t n_columns, context ctx = {}) : ctx_(std::move(ctx)) {
        cpwl_lidar *made = nullptr;
        ctx_.check(cpwl_lidar_new(ctx_.get(), n_columns, &made));
        handle_.reset(made);
    }
    /// Adds the views of one sample, (q, K).
    void push(const tensor &z) {
        const cpwl_tensor in = z.raw();
        ctx_.check(cpwl_lidar_push(ctx_.get(), handle_.get(), &in));
    }
    void merge(const lidar &other) { ctx_.check(cpwl_lidar_merge(ctx_.get(), handle_.get(), other.handle_.get())); }
    cpwl_lidar_summary measure(const cpwl_lidar_options &o = options<cpwl_lidar_options>()) {
        auto out = options<cpwl_lidar_summary>();
        ctx_.check(cpwl_lidar_measure(ctx_.get(), handle_.get(), &o, nullptr, &out));
        return out;
    }

private:
    context ctx_;
    detail::handle<cpwl_lidar, cpwl_lidar_free> handle_;
};

/// RankMe of the rows of `z`, (N, K), as published.
inline double rankme(const tensor &z, const context &ctx = {}) {
    const cpwl_tensor in = z.raw();
    double value = 0;
    ctx.check(cpwl_rankme(ctx.get(), &in, &value));
    return value;
}

/// Effective rank of the rows of `z` in any convention.
inline double effective_rank(const tensor &z, const cpwl_rank_options &o = options<cpwl_rank_options>(),
                             const context &ctx = {}) {
    const cpwl_tensor in = z.raw();
    double value = 0;
    ctx.check(cpwl_effective_rank(ctx.get(), &in, &o, &value));
    return value;
}

/// An effective rank of the rows of `z`, and its gradient in `dz`, of the same shape.
inline double rank_gradient(const tensor &z, const mutable_tensor &dz,
                            const cpwl_rank_gradient_options &o = options<cpwl_rank_gradient_options>(),
                            const context &ctx = {}) {
    const cpwl_tensor in = z.raw();
    cpwl_tensor out = dz.raw();
    double value = 0;
    ctx.check(cpwl_rank_gradient(ctx.get(), &in, &o, &value, &out));
    return value;
}

/// Data (n, d) or (n) under a kernel; by default a Gaussian with a median bandwidth. Borrows the data.
class variable {
public:
    variable(tensor data, cpwl_kernel kernel = options<cpwl_kernel>()) : data_(std::move(data)), kernel_(kernel) {}

    /// Calls `f` with the struct of cpwl.h.
    template <class F> auto with(F f) const {
        const cpwl_tensor raw = data_.raw();
        const cpwl_factor factor{&raw, &kernel_};
        const cpwl_variable v{&factor, 1, 0};
        return f(v);
    }

private:
    tensor data_;
    cpwl_kernel kernel_;
};

/// A kernel by its CPWL_KERNEL_* constant.
inline cpwl_kernel kernel(std::int32_t kind, double gamma = 0) noexcept {
    auto k = options<cpwl_kernel>();
    k.kind = kind;
    k.gamma = gamma;
    return k;
}

/// HSIC and CKA of two variables: all estimators. `require` names the one that must have a value (CPWL_HSIC_*, CPWL_CKA_*).
inline cpwl_hsic_summary hsic(const variable &x, const variable &y, std::int32_t require = 0, const context &ctx = {}) {
    auto s = options<cpwl_hsic_summary>();
    x.with([&](const cpwl_variable &a) {
        y.with([&](const cpwl_variable &b) { ctx.check(cpwl_hsic(ctx.get(), &a, &b, require, &s)); });
    });
    return s;
}

/// A test of independence of two variables.
inline cpwl_hsic_test_summary hsic_test(const variable &x, const variable &y,
                                        const cpwl_hsic_test_options &o = options<cpwl_hsic_test_options>(),
                                        const context &ctx = {}) {
    auto s = options<cpwl_hsic_test_summary>();
    x.with([&](const cpwl_variable &a) {
        y.with([&](const cpwl_variable &b) {
            const cpwl_variable both[] = {a, b};
            ctx.check(cpwl_hsic_test(ctx.get(), both, 2, &o, &s, nullptr));
        });
    });
    return s;
}

/// VCReg of a batch (n, d), with its gradient if there is a place for it.
inline cpwl_loss_summary vcreg(const tensor &z, const cpwl_vcreg_options &o = options<cpwl_vcreg_options>(),
                               const mutable_tensor *gradient = nullptr, const context &ctx = {}) {
    auto s = options<cpwl_loss_summary>();
    const cpwl_tensor raw = z.raw();
    cpwl_tensor out = gradient ? gradient->raw() : cpwl_tensor{};
    ctx.check(cpwl_vcreg(ctx.get(), &raw, &o, &s, gradient ? &out : nullptr));
    return s;
}

} // namespace cpwl

#endif // CPWL_HPP
