/* The layout of every struct, as compiled programs know it. A number here may only change with the soname. */
#include "check.h"

#include <stddef.h>

#define SIZE(type, size) CHECK(sizeof(type) == (size))
#define AT(type, field, offset) CHECK(offsetof(type, field) == (offset))

void test_abi(void) {
    if (sizeof(void *) != 8) return; /* the numbers below are those of 64-bit systems */
    SIZE(cpwl_status, 4);

    SIZE(cpwl_tensor, 48);
    AT(cpwl_tensor, data, 0);
    AT(cpwl_tensor, byte_offset, 8);
    AT(cpwl_tensor, dtype, 16);
    AT(cpwl_tensor, ndim, 20);
    AT(cpwl_tensor, shape, 24);
    AT(cpwl_tensor, strides, 32);
    AT(cpwl_tensor, device, 40);
    AT(cpwl_tensor, device_id, 44);

    SIZE(cpwl_context_options, 96);
    AT(cpwl_context_options, threads, 8);
    AT(cpwl_context_options, isa, 12);
    AT(cpwl_context_options, flags, 16);
    AT(cpwl_context_options, device, 20);
    AT(cpwl_context_options, device_id, 24);
    AT(cpwl_context_options, stream, 32);
    AT(cpwl_context_options, memory_limit, 40);
    AT(cpwl_context_options, alloc, 48);
    AT(cpwl_context_options, dealloc, 56);
    AT(cpwl_context_options, cancel, 64);
    AT(cpwl_context_options, progress, 72);
    AT(cpwl_context_options, log, 80);
    AT(cpwl_context_options, userdata, 88);

    SIZE(cpwl_conv2d_options, 80);
    AT(cpwl_conv2d_options, stride, 8);
    AT(cpwl_conv2d_options, padding, 24);
    AT(cpwl_conv2d_options, dilation, 56);
    AT(cpwl_conv2d_options, groups, 72);

    SIZE(cpwl_pool2d_options, 96);
    AT(cpwl_pool2d_options, kernel, 8);
    AT(cpwl_pool2d_options, stride, 24);
    AT(cpwl_pool2d_options, padding, 40);
    AT(cpwl_pool2d_options, dilation, 72);
    AT(cpwl_pool2d_options, ceil_mode, 88);
    AT(cpwl_pool2d_options, exclude_padding, 92);

    SIZE(cpwl_activation_options, 48);
    AT(cpwl_activation_options, alpha, 8);
    AT(cpwl_activation_options, beta, 16);
    AT(cpwl_activation_options, lo, 24);
    AT(cpwl_activation_options, hi, 32);
    AT(cpwl_activation_options, given, 40);

    SIZE(cpwl_onnx_options, 16);
    AT(cpwl_onnx_options, smooth_knots, 8);
    SIZE(cpwl_onnx_write_options, 16);
    AT(cpwl_onnx_write_options, dtype, 8);
    SIZE(cpwl_forward_options, 16);

    SIZE(cpwl_network_summary, 72);
    AT(cpwl_network_summary, n_nodes, 8);
    AT(cpwl_network_summary, n_units, 16);
    AT(cpwl_network_summary, n_unit_layers, 24);
    AT(cpwl_network_summary, n_inputs, 32);
    AT(cpwl_network_summary, n_outputs, 40);
    AT(cpwl_network_summary, n_parameters, 48);
    AT(cpwl_network_summary, n_approximations, 56);
    AT(cpwl_network_summary, n_arrays, 64);

    SIZE(cpwl_parameter_info, 72);
    AT(cpwl_parameter_info, node, 8);
    AT(cpwl_parameter_info, which, 12);
    AT(cpwl_parameter_info, name, 16);
    AT(cpwl_parameter_info, values, 24);

    SIZE(cpwl_smooth_options, 40);
    AT(cpwl_smooth_options, alpha, 8);
    AT(cpwl_smooth_options, beta, 16);
    AT(cpwl_smooth_options, threshold, 24);
    AT(cpwl_smooth_options, given, 32);

    SIZE(cpwl_approximation_summary, 48);
    AT(cpwl_approximation_summary, name, 8);
    AT(cpwl_approximation_summary, function, 16);
    AT(cpwl_approximation_summary, bound, 24);
    AT(cpwl_approximation_summary, knots, 32);
    AT(cpwl_approximation_summary, node, 40);
    AT(cpwl_approximation_summary, kind, 44);

    SIZE(cpwl_node_info, 48);
    AT(cpwl_node_info, name, 8);
    AT(cpwl_node_info, op, 16);
    AT(cpwl_node_info, shape, 24);
    AT(cpwl_node_info, ndim, 32);
    AT(cpwl_node_info, first_unit, 36);
    AT(cpwl_node_info, n_units, 40);

    SIZE(cpwl_partition_options, 24);
    AT(cpwl_partition_options, want, 8);
    AT(cpwl_partition_options, flags, 12);
    AT(cpwl_partition_options, max_regions, 16);

    SIZE(cpwl_partition_summary, 136);
    AT(cpwl_partition_summary, n_regions, 8);
    AT(cpwl_partition_summary, n_vertices, 16);
    AT(cpwl_partition_summary, n_edges, 24);
    AT(cpwl_partition_summary, n_cell_vertices, 32);
    AT(cpwl_partition_summary, n_outputs, 40);
    AT(cpwl_partition_summary, n_units, 48);
    AT(cpwl_partition_summary, n_unit_layers, 56);
    AT(cpwl_partition_summary, area, 64);
    AT(cpwl_partition_summary, domain_area, 72);
    AT(cpwl_partition_summary, vertex_error, 80);
    AT(cpwl_partition_summary, exact_signs, 88);
    AT(cpwl_partition_summary, filter_signs, 96);
    AT(cpwl_partition_summary, double_signs, 104);
    AT(cpwl_partition_summary, zero_signs, 112);
    AT(cpwl_partition_summary, exact_vertices, 120);
    AT(cpwl_partition_summary, sign_margin, 128);
    SIZE(cpwl_stream_options, 32);
    AT(cpwl_stream_options, want, 8);
    AT(cpwl_stream_options, flags, 12);
    AT(cpwl_stream_options, max_regions, 16);
    AT(cpwl_stream_options, chunk_regions, 24);
    SIZE(cpwl_stream_summary, 80);
    AT(cpwl_stream_summary, n_regions, 8);
    AT(cpwl_stream_summary, n_unit_layers, 16);
    AT(cpwl_stream_summary, area, 24);
    AT(cpwl_stream_summary, domain_area, 32);
    AT(cpwl_stream_summary, filter_signs, 40);
    AT(cpwl_stream_summary, double_signs, 48);
    AT(cpwl_stream_summary, exact_signs, 56);
    AT(cpwl_stream_summary, zero_signs, 64);
    AT(cpwl_stream_summary, sign_margin, 72);

    SIZE(cpwl_domain_summary, 32);
    AT(cpwl_domain_summary, dim, 8);
    AT(cpwl_domain_summary, n_inputs, 16);
    AT(cpwl_domain_summary, bounded, 24);
    AT(cpwl_domain_summary, plane, 28);

    SIZE(cpwl_set_summary, 40);
    AT(cpwl_set_summary, dim, 8);
    AT(cpwl_set_summary, affine_rank, 16);
    AT(cpwl_set_summary, n_rows, 24);
    AT(cpwl_set_summary, bounded, 32);
    AT(cpwl_set_summary, reserved, 36);

    SIZE(cpwl_enumeration_options, 32);
    AT(cpwl_enumeration_options, want, 8);
    AT(cpwl_enumeration_options, flags, 12);
    AT(cpwl_enumeration_options, max_regions, 16);
    AT(cpwl_enumeration_options, tolerance, 24);

    SIZE(cpwl_enumeration_summary, 104);
    AT(cpwl_enumeration_summary, n_regions, 8);
    AT(cpwl_enumeration_summary, n_facets, 16);
    AT(cpwl_enumeration_summary, dim, 24);
    AT(cpwl_enumeration_summary, n_outputs, 32);
    AT(cpwl_enumeration_summary, n_units, 40);
    AT(cpwl_enumeration_summary, n_unit_layers, 48);
    AT(cpwl_enumeration_summary, complete, 56);
    AT(cpwl_enumeration_summary, tolerance, 64);
    AT(cpwl_enumeration_summary, smallest_crossing, 72);
    AT(cpwl_enumeration_summary, largest_touch, 80);
    AT(cpwl_enumeration_summary, smallest_radius, 88);
    AT(cpwl_enumeration_summary, n_programs, 96);

    SIZE(cpwl_complexity_options, 32);
    AT(cpwl_complexity_options, radius, 8);
    AT(cpwl_complexity_options, n_dirs, 16);
    AT(cpwl_complexity_options, seed, 24);

    SIZE(cpwl_boundary_options, 24);
    AT(cpwl_boundary_options, mode, 8);
    AT(cpwl_boundary_options, output, 12);
    AT(cpwl_boundary_options, level, 16);

    SIZE(cpwl_boundary_summary, 56);
    AT(cpwl_boundary_summary, n_segments, 8);
    AT(cpwl_boundary_summary, n_flat_cells, 16);
    AT(cpwl_boundary_summary, interior_length, 24);
    AT(cpwl_boundary_summary, on_edge_length, 32);
    AT(cpwl_boundary_summary, n_polylines, 40);
    AT(cpwl_boundary_summary, n_junctions, 48);

    SIZE(cpwl_boundary_points_options, 24);
    AT(cpwl_boundary_points_options, seed, 8);
    AT(cpwl_boundary_points_options, metric, 16);
    AT(cpwl_boundary_points_options, flags, 20);

    SIZE(cpwl_ball_options, 24);
    AT(cpwl_ball_options, max_regions, 8);
    AT(cpwl_ball_options, metric, 16);
    AT(cpwl_ball_options, flags, 20);

    SIZE(cpwl_statistics_options, 16);
    AT(cpwl_statistics_options, metric, 8);
    AT(cpwl_statistics_options, flags, 12);

    SIZE(cpwl_statistics_summary, 40);
    AT(cpwl_statistics_summary, n_regions, 8);
    AT(cpwl_statistics_summary, n_lines, 16);
    AT(cpwl_statistics_summary, edge_length, 24);
    AT(cpwl_statistics_summary, centrality, 32);

    SIZE(cpwl_spread, 48);
    AT(cpwl_spread, total, 8);
    AT(cpwl_spread, mean, 16);
    AT(cpwl_spread, std, 24);
    AT(cpwl_spread, min, 32);
    AT(cpwl_spread, max, 40);

    SIZE(cpwl_svg_options, 16);
    AT(cpwl_svg_options, color, 8);
    AT(cpwl_svg_options, width, 12);

    SIZE(cpwl_spectrum_options, 16);
    AT(cpwl_spectrum_options, flags, 8);
    AT(cpwl_spectrum_options, reserved, 12);

    SIZE(cpwl_spectrum_summary, 128);
    AT(cpwl_spectrum_summary, n_rows, 8);
    AT(cpwl_spectrum_summary, n_columns, 16);
    AT(cpwl_spectrum_summary, n_values, 24);
    AT(cpwl_spectrum_summary, numerical_rank_f32, 32);
    AT(cpwl_spectrum_summary, numerical_rank_f64, 40);
    AT(cpwl_spectrum_summary, centered, 48);
    AT(cpwl_spectrum_summary, reserved, 52);
    AT(cpwl_spectrum_summary, effective_rank, 56);
    AT(cpwl_spectrum_summary, von_neumann, 64);
    AT(cpwl_spectrum_summary, participation_ratio, 72);
    AT(cpwl_spectrum_summary, stable_rank, 80);
    AT(cpwl_spectrum_summary, nuclear_over_operator, 88);
    AT(cpwl_spectrum_summary, nuclear_norm, 96);
    AT(cpwl_spectrum_summary, frobenius_sq, 104);
    AT(cpwl_spectrum_summary, inverse_condition, 112);
    AT(cpwl_spectrum_summary, pseudo_condition, 120);

    SIZE(cpwl_rank_options, 48);
    AT(cpwl_rank_options, preset, 8);
    AT(cpwl_rank_options, power, 12);
    AT(cpwl_rank_options, eps_mode, 16);
    AT(cpwl_rank_options, center, 20);
    AT(cpwl_rank_options, eps, 24);
    AT(cpwl_rank_options, base, 32);
    AT(cpwl_rank_options, flags, 40);
    AT(cpwl_rank_options, reserved, 44);

    SIZE(cpwl_rank_gradient_options, 32);
    AT(cpwl_rank_gradient_options, rank, 8);
    AT(cpwl_rank_gradient_options, target, 16);
    AT(cpwl_rank_gradient_options, reserved, 20);
    AT(cpwl_rank_gradient_options, tolerance, 24);

    SIZE(cpwl_moments_summary, 40);
    AT(cpwl_moments_summary, n_rows, 8);
    AT(cpwl_moments_summary, n_columns, 16);
    AT(cpwl_moments_summary, flat_size, 24);
    AT(cpwl_moments_summary, exponent, 32);
    AT(cpwl_moments_summary, reserved, 36);

    SIZE(cpwl_rank_estimate_options, 48);
    AT(cpwl_rank_estimate_options, probes, 8);
    AT(cpwl_rank_estimate_options, steps, 16);
    AT(cpwl_rank_estimate_options, deflation, 24);
    AT(cpwl_rank_estimate_options, seed, 32);
    AT(cpwl_rank_estimate_options, flags, 40);
    AT(cpwl_rank_estimate_options, reserved, 44);

    SIZE(cpwl_rank_estimate, 32);
    AT(cpwl_rank_estimate, rank, 8);
    AT(cpwl_rank_estimate, error, 16);
    AT(cpwl_rank_estimate, deflated, 24);

    SIZE(cpwl_queue_summary, 32);
    AT(cpwl_queue_summary, n_rows, 8);
    AT(cpwl_queue_summary, capacity, 16);
    AT(cpwl_queue_summary, n_columns, 24);

    SIZE(cpwl_alpha_options, 32);
    AT(cpwl_alpha_options, start, 8);
    AT(cpwl_alpha_options, end, 16);
    AT(cpwl_alpha_options, weighting, 24);
    AT(cpwl_alpha_options, reserved, 28);

    SIZE(cpwl_alpha_fit, 40);
    AT(cpwl_alpha_fit, alpha, 8);
    AT(cpwl_alpha_fit, intercept, 16);
    AT(cpwl_alpha_fit, r2, 24);
    AT(cpwl_alpha_fit, r2_tail, 32);

    SIZE(cpwl_lidar_options, 32);
    AT(cpwl_lidar_options, delta, 8);
    AT(cpwl_lidar_options, eps, 16);
    AT(cpwl_lidar_options, denominators, 24);
    AT(cpwl_lidar_options, flags, 28);

    SIZE(cpwl_lidar_summary, 48);
    AT(cpwl_lidar_summary, n_groups, 8);
    AT(cpwl_lidar_summary, n_views, 16);
    AT(cpwl_lidar_summary, n_columns, 24);
    AT(cpwl_lidar_summary, lidar, 32);
    AT(cpwl_lidar_summary, entropy, 40);

    SIZE(cpwl_two_nn_summary, 48);
    AT(cpwl_two_nn_summary, fit, 8);
    AT(cpwl_two_nn_summary, fit_base0, 16);
    AT(cpwl_two_nn_summary, likelihood, 24);
    AT(cpwl_two_nn_summary, n_used, 32);
    AT(cpwl_two_nn_summary, n_dropped, 40);

    SIZE(cpwl_factors_options, 56);
    AT(cpwl_factors_options, groups, 8);
    AT(cpwl_factors_options, n_groups, 16);
    AT(cpwl_factors_options, rows, 24);
    AT(cpwl_factors_options, class_groups, 32);
    AT(cpwl_factors_options, accepted_offsets, 40);
    AT(cpwl_factors_options, accepted, 48);

    SIZE(cpwl_factors_summary, 48);
    AT(cpwl_factors_summary, n_images, 8);
    AT(cpwl_factors_summary, n_predictions, 16);
    AT(cpwl_factors_summary, n_factors, 24);
    AT(cpwl_factors_summary, n_groups, 32);
    AT(cpwl_factors_summary, n_patterns, 40);

    SIZE(cpwl_factor_count_options, 24);
    AT(cpwl_factor_count_options, worst_classes, 8);
    AT(cpwl_factor_count_options, form, 16);
    AT(cpwl_factor_count_options, reserved, 20);

    SIZE(cpwl_bootstrap_options, 32);
    AT(cpwl_bootstrap_options, replicates, 8);
    AT(cpwl_bootstrap_options, seed, 16);
    AT(cpwl_bootstrap_options, level, 24);

    SIZE(cpwl_spillover_options, 32);
    AT(cpwl_spillover_options, more_than, 8);
    AT(cpwl_spillover_options, permutations, 16);
    AT(cpwl_spillover_options, seed, 24);
}
