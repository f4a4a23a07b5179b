/* The transparent structs of the SDK keep the layout that they were shipped with (64-bit): members
 * are appended, never inserted or moved. tests/abi/check_layout.py asks that every member stands
 * here. */
#include <stddef.h>

#include <msptk/sdk/adapter.h>
#include <msptk/sdk/check.h>

#if UINTPTR_MAX == UINT64_MAX
#        define AT(type, member, offset) \
                _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")

AT(msptk_device_row, struct_size, 0);
AT(msptk_device_row, presence, 4);
AT(msptk_device_row, vendor_id, 8);
AT(msptk_device_row, name, 16);
AT(msptk_device_row, serial, 24);
AT(msptk_device_row, machine_id, 32);
AT(msptk_device_row, macs, 40);
AT(msptk_device_row, os, 48);
AT(msptk_device_row, kind, 56);
AT(msptk_device_row, address, 64);
AT(msptk_device_row, vendor_client, 72);
AT(msptk_device_row, last_seen, 80);
AT(msptk_device_row, attributes, 88);

AT(msptk_metric_row, struct_size, 0);
AT(msptk_metric_row, state, 4);
AT(msptk_metric_row, vendor_id, 8);
AT(msptk_metric_row, check, 16);
AT(msptk_metric_row, metric, 24);
AT(msptk_metric_row, instance, 32);
AT(msptk_metric_row, unit, 40);
AT(msptk_metric_row, message, 48);
AT(msptk_metric_row, value, 56);
AT(msptk_metric_row, at, 64);
AT(msptk_metric_row, data, 72);

AT(msptk_alert_row, struct_size, 0);
AT(msptk_alert_row, severity, 4);
AT(msptk_alert_row, vendor_id, 8);
AT(msptk_alert_row, vendor_alert, 16);
AT(msptk_alert_row, check, 24);
AT(msptk_alert_row, instance, 32);
AT(msptk_alert_row, message, 40);
AT(msptk_alert_row, at, 48);

AT(msptk_program, struct_size, 0);
AT(msptk_program, flags, 4);
AT(msptk_program, argv, 8);
AT(msptk_program, env, 16);
AT(msptk_program, cwd, 24);
AT(msptk_program, input, 32);
AT(msptk_program, input_len, 40);
AT(msptk_program, timeout_ms, 48);
AT(msptk_program, output_limit, 56);

AT(msptk_program_result, struct_size, 0);
AT(msptk_program_result, ended, 4);
AT(msptk_program_result, code, 8);
AT(msptk_program_result, truncated, 12);
AT(msptk_program_result, out, 16);
AT(msptk_program_result, out_len, 24);
AT(msptk_program_result, err, 32);
AT(msptk_program_result, err_len, 40);
AT(msptk_program_result, wall_us, 48);
AT(msptk_program_result, cpu_us, 56);

AT(msptk_http_request, struct_size, 0);
AT(msptk_http_request, auth, 4);
AT(msptk_http_request, method, 8);
AT(msptk_http_request, url, 16);
AT(msptk_http_request, headers, 24);
AT(msptk_http_request, body, 32);
AT(msptk_http_request, body_len, 40);
AT(msptk_http_request, auth_setting, 48);
AT(msptk_http_request, auth_user, 56);
AT(msptk_http_request, timeout_ms, 64);
AT(msptk_http_request, body_limit, 72);
AT(msptk_http_request, idempotent, 80);

AT(msptk_http_reply, struct_size, 0);
AT(msptk_http_reply, http_status, 4);
AT(msptk_http_reply, body, 8);
AT(msptk_http_reply, body_len, 16);
AT(msptk_http_reply, content_type, 24);
AT(msptk_http_reply, next_link, 32);
AT(msptk_http_reply, retry_after_ms, 40);
AT(msptk_http_reply, server_date, 48);

AT(msptk_host, struct_size, 0);
AT(msptk_host, sdk_version, 4);
AT(msptk_host, impl, 8);
AT(msptk_host, instance, 16);
AT(msptk_host, now, 24);
AT(msptk_host, log, 32);
AT(msptk_host, random, 40);
AT(msptk_host, alloc, 48);
AT(msptk_host, free, 56);
AT(msptk_host, cancelled, 64);
AT(msptk_host, deadline_left_ms, 72);
AT(msptk_host, sleep_ms, 80);
AT(msptk_host, progress, 88);
AT(msptk_host, emit_device, 96);
AT(msptk_host, emit_metric, 104);
AT(msptk_host, emit_alert, 112);
AT(msptk_host, run_programs, 120);
AT(msptk_host, http_request, 128);
AT(msptk_host, state_get, 136);
AT(msptk_host, state_put, 144);
AT(msptk_host, clean_text, 152);
AT(msptk_host, request_alloc, 160);
AT(msptk_host, state_update, 168);

AT(msptk_query, struct_size, 0);
AT(msptk_query, flags, 4);
AT(msptk_query, client_id, 8);
AT(msptk_query, vendor_client, 16);
AT(msptk_query, devices, 24);
AT(msptk_query, checks, 32);
AT(msptk_query, addresses, 40);
AT(msptk_query, since, 48);

AT(msptk_device_ops, struct_size, 0);
AT(msptk_device_ops, list, 8);

AT(msptk_metric_ops, struct_size, 0);
AT(msptk_metric_ops, checks, 8);
AT(msptk_metric_ops, collect, 16);

AT(msptk_alert_ops, struct_size, 0);
AT(msptk_alert_ops, list, 8);

AT(msptk_command_ops, struct_size, 0);
AT(msptk_command_ops, execute, 8);

AT(msptk_deploy_ops, struct_size, 0);
AT(msptk_deploy_ops, agent, 8);

AT(msptk_adapter_info, struct_size, 0);
AT(msptk_adapter_info, flags, 4);
AT(msptk_adapter_info, type, 8);
AT(msptk_adapter_info, title, 16);
AT(msptk_adapter_info, description, 24);
AT(msptk_adapter_info, settings, 32);
AT(msptk_adapter_info, docs, 40);

AT(msptk_adapter_ops, struct_size, 0);
AT(msptk_adapter_ops, sdk_version, 4);
AT(msptk_adapter_ops, info, 8);
AT(msptk_adapter_ops, open, 16);
AT(msptk_adapter_ops, close, 24);
AT(msptk_adapter_ops, probe, 32);
AT(msptk_adapter_ops, devices, 40);
AT(msptk_adapter_ops, metrics, 48);
AT(msptk_adapter_ops, alerts, 56);
AT(msptk_adapter_ops, commands, 64);
AT(msptk_adapter_ops, deploy, 72);

AT(msptk_check_host, struct_size, 0);
AT(msptk_check_host, sdk_version, 4);
AT(msptk_check_host, impl, 8);
AT(msptk_check_host, cancelled, 16);
AT(msptk_check_host, deadline_left_ms, 24);
AT(msptk_check_host, now, 32);
AT(msptk_check_host, log, 40);
AT(msptk_check_host, report, 48);
AT(msptk_check_host, metric, 56);

AT(msptk_check_ops, struct_size, 0);
AT(msptk_check_ops, sdk_version, 4);
AT(msptk_check_ops, name, 8);
AT(msptk_check_ops, version, 16);
AT(msptk_check_ops, per, 24);
AT(msptk_check_ops, reserved, 28);
AT(msptk_check_ops, execute, 32);
AT(msptk_check_ops, destroy, 40);
#endif
