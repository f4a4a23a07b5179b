/* The operations on devices. */
#include "devices/devices.h"
#include "ops/rows.h"

#define PARAM_DEVICE(text) \
        { \
                .name = "device_id", .type = PARAM_SLUG, .flags = OP_REQUIRED | OP_PLAIN, \
                .about = text, .cli = "DEVICE", .complete = "device" \
        }
#define PARAM_ADAPTER(text) \
        { \
                .name = "adapter", .type = PARAM_STRING, .flags = OP_PLAIN, .about = text, \
                .min = 1, .max = 64, .complete = "adapter" \
        }
#define PARAM_REVISION \
        { \
                .name = "revision", .type = PARAM_INT, \
                .about = "change only if the device still has this revision", .min = 1, \
                .max = 1e15 \
        }
#define ERROR_DEVICE \
        { \
                "DEVICE_NOT_FOUND", "use device_list to see the devices that exist" \
        }

static const op_param add_params[] = {
        PARAM_CLIENT_REQUIRED("id of the client that it belongs to"),
        { .name = "name",
          .type = PARAM_STRING,
          .about = "display name; not needed for this machine",
          .cli = "NAME|--name",
          .min = 1,
          .max = 200 },
        { .name = "this_machine",
          .type = PARAM_BOOL,
          .about = "the machine that the library runs on" },
        PARAM_ADAPTER("adapter that answers for it; for this machine it is 'local'"),
        { .name = "vendor_id",
          .type = PARAM_STRING,
          .about = "its id at the adapter",
          .min = 1,
          .max = 200 },
        { .name = "serial",
          .type = PARAM_STRING,
          .about = "serial number of the hardware",
          .min = 1,
          .max = 128 },
        { .name = "machine_id",
          .type = PARAM_STRING,
          .about = "machine id of the operating system",
          .min = 1,
          .max = 128 },
        { .name = "macs",
          .type = PARAM_LIST,
          .about = "hardware addresses of built-in interfaces",
          .min = 1,
          .max = 32 },
        { .name = "address",
          .type = PARAM_STRING,
          .about = "host name or IP address by which checks reach it",
          .min = 1,
          .max = 200 },
        { .name = "os", .type = PARAM_STRING, .about = "operating system", .min = 1, .max = 200 },
        { .name = "kind",
          .type = PARAM_STRING,
          .about = "server, workstation, network ...",
          .min = 1,
          .max = 64 },
        { .name = "id",
          .type = PARAM_SLUG,
          .about = "id to use instead of the one made from the name" },
        { .name = "fields", .type = PARAM_MAP, .about = "free fields of your own" },
        { 0 },
};

static const op_param list_params[] = {
        PARAM_CLIENT_FILTER("only devices of this client"),
        { .name = "status",
          .type = PARAM_ENUM,
          .flags = OP_PLAIN,
          .about = "only devices of this presence",
          .values = "up down unknown" },
        PARAM_ADAPTER("only devices that this adapter knows"),
        { .name = "search",
          .type = PARAM_STRING,
          .about = "text in name, id or address",
          .min = 1,
          .max = 200 },
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};

static const op_param get_params[] = { PARAM_DEVICE("id of the device"), { 0 } };

static const op_param update_params[] = {
        PARAM_DEVICE("id of the device"),
        { .name = "name",
          .type = PARAM_STRING,
          .about = "new name, which adapters no longer change; the id stays",
          .min = 1,
          .max = 200 },
        { .name = "client_id",
          .type = PARAM_STRING,
          .min = 1,
          .max = CLIENT_TEXT_MAX,
          .about = "the client that it belongs to from now on",
          .cli = "--client",
          .complete = "client" },
        { .name = "address",
          .type = PARAM_STRING,
          .about = "new address; empty takes it away",
          .max = 200 },
        { .name = "os",
          .type = PARAM_STRING,
          .about = "new operating system; empty takes it away",
          .max = 200 },
        { .name = "kind",
          .type = PARAM_STRING,
          .about = "new kind; empty takes it away",
          .max = 64 },
        { .name = "fields", .type = PARAM_MAP, .about = "free fields, replacing those of before" },
        PARAM_REVISION,
        { 0 },
};

static const op_param merge_params[] = {
        PARAM_DEVICE("the device that becomes part of the other"),
        { .name = "into",
          .type = PARAM_SLUG,
          .flags = OP_REQUIRED,
          .about = "the device that stays",
          .cli = "INTO",
          .complete = "device" },
        { 0 },
};

static const op_param scan_params[] = {
        PARAM_CLIENT_FILTER("only for this client; without it for every active one"),
        PARAM_ADAPTER("ask only this adapter; without it every one that serves the client"),
        { 0 },
};

static const op_param deploy_params[] = {
        PARAM_DEVICE("id of the device"),
        PARAM_ADAPTER("adapter whose agent it is"),
        { 0 },
};

static const op_param command_params[] = {
        PARAM_DEVICE("id of the device"),
        { .name = "argv",
          .type = PARAM_ARGV,
          .flags = OP_REQUIRED | OP_PRIVATE,
          .about = "the program and its arguments; no shell is involved",
          .cli = "COMMAND",
          .min = 1,
          .max = 256 },
        PARAM_ADAPTER("adapter that runs it"),
        { 0 },
};

static const op_column device_columns[] = {
        { "id", "DEVICE", 1, "text" },
        { "name", "NAME", 3, "text" },
        { "client_id", "CLIENT", 2, "text" },
        { "status", "STATUS", 1, "text" },
        { "status_at", "HEARD", 2, "age" },
        { "adapters", "ADAPTERS", 3, "list" },
        { "os", "OS", 4, "text" },
        { "address", "ADDRESS", 4, "text" },
        { 0 },
};
static const op_column command_columns[] = {
        { "exit_status", "EXIT", 1, "int" },
        { "took_ms", "TOOK", 2, "duration" },
        { "stdout", "OUTPUT", 1, "text" },
        { 0 },
};

static const op_error add_errors[] = {
        ERROR_CLIENT,
        { "DEVICE_EXISTS", "use device_get to see it, or device_update to change it" },
        { 0 },
};
static const op_error list_errors[] = { ERROR_CLIENT, { 0 } };
static const op_error device_errors[] = { ERROR_DEVICE, { 0 } };
static const op_error update_errors[] = {
        ERROR_DEVICE,
        ERROR_CLIENT,
        { "REVISION_CHANGED", "read the device again and decide anew" },
        { 0 },
};
static const op_error merge_errors[] = {
        ERROR_DEVICE,
        { "SAME_DEVICE", "see device_get for what was merged into it" },
        { "CLIENT_DIFFERS", "first move one of them with device_update" },
        { 0 },
};
static const op_error unmerge_errors[] = {
        ERROR_DEVICE,
        { "NOT_MERGED", "device_get lists under 'merged' what can be taken apart" },
        { 0 },
};
static const op_error outside_errors[] = {
        ERROR_DEVICE,
        { "NO_ADAPTER_FOR_DEVICE", "see device_get for the adapters that know it" },
        { "UNSUPPORTED", "see 'adapter list' for what each adapter can do" },
        { 0 },
};

static const op_example add_examples[] = {
        { "device add acme-corp --this-machine", "enrol the machine you are on" },
        { "device add acme-corp printer-2 --address 192.0.2.7 --kind printer",
          "enrol a device by hand" },
        { 0 },
};
static const op_example list_examples[] = {
        { "device list acme-corp", "the devices of one client" },
        { "device list --status down", "all that are known to be down" },
        { 0 },
};
static const op_example get_examples[] = {
        { "device show srv-01", "what is known of one device, and from whom" },
        { 0 },
};
static const op_example update_examples[] = {
        { "device update srv-01 --address srv-01.example.com", "change its address" },
        { 0 },
};
static const op_example remove_examples[] = {
        { "device remove srv-01 --plan", "see what removing would do" },
        { 0 },
};
static const op_example merge_examples[] = {
        { "device merge srv-01-2 srv-01", "say that both are one machine" },
        { 0 },
};
static const op_example unmerge_examples[] = {
        { "device unmerge srv-01-2", "take it apart again" },
        { 0 },
};
static const op_example scan_examples[] = {
        { "device scan acme-corp", "ask all adapters for the devices of one client" },
        { 0 },
};
static const op_example deploy_examples[] = {
        { "device deploy srv-01 --adapter rmm", "bring the agent onto a device" },
        { 0 },
};
static const op_example command_examples[] = {
        { "device run srv-01 -- uptime", "run a command on a device" },
        { 0 },
};

#define DEVICE_FIELDS \
        "\"schema\":{\"type\":\"string\"},\"id\":{\"type\":\"string\"},\"client_id\":{\"type\":" \
        "\"string\"},\"name\":{\"type\":\"string\"},\"status\":{\"type\":\"string\",\"enum\":[" \
        "\"up\",\"down\",\"unknown\"]},\"last_known\":{\"type\":\"string\"},\"status_at\":{" \
        "\"type\":[\"string\",\"null\"]},\"status_age_s\":{\"type\":[\"integer\",\"null\"]}," \
        "\"last_seen\":{\"type\":[\"string\",\"null\"]},\"kind\":{\"type\":[\"string\",\"null\"" \
        "]},\"os\":{\"type\":[\"string\",\"null\"]},\"address\":{\"type\":[\"string\",\"null\"]}," \
        "\"adapters\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"fields\":{\"type\":" \
        "\"object\"},\"revision\":{\"type\":\"integer\"},\"created_at\":{\"type\":\"string\"}," \
        "\"updated_at\":{\"type\":\"string\"}"
#define OBJECTS "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define DEVICE_DETAILS \
        "\"keys\":" OBJECTS ",\"sources\":" OBJECTS ",\"conflicts\":" OBJECTS \
        ",\"merged\":" OBJECTS ",\"attributes\":{\"type\":\"object\"}"
#define DEVICE_VOLATILE \
        "created_at updated_at status_at status_age_s last_seen first_seen since at attributes"
#define INT "{\"type\":\"integer\"}"
#define STR "{\"type\":\"string\"}"
#define BOOL "{\"type\":\"boolean\"}"

#define DEVICE_RECORD \
        .kind = RESULT_RECORD, .needs = NEED_STORE, .schema = "msptk.device/1", \
        .columns = device_columns, .volatile_keys = DEVICE_VOLATILE, \
        .result = "{" DEVICE_FIELDS "," DEVICE_DETAILS "}"

const op_row msptk__device_rows[] = {
        {
                .act = { .name = "device_list",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__device_list },
                .since = "0.1",
                .title = "List devices",
                .summary = "list devices, and whether they are up",
                .description = "Devices of one client or of all, by presence, adapter or text. "
                               "Fast, from the store; presence that was not heard of lately is "
                               "unknown. For their problems use alert_list. Example: "
                               "client_id=acme-corp status=down.",
                .cli = "device list",
                .tool = 1,
                .idempotent = 1,
                .params = list_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.device_list/1",
                .rows = "devices",
                .columns = device_columns,
                .volatile_keys = DEVICE_VOLATILE,
                .result = "{\"schema\":" STR ",\"count\":" INT ",\"devices\":{\"type\":\"array\","
                          "\"items\":{\"type\":\"object\",\"properties\":{" DEVICE_FIELDS "}}},"
                          "\"next_cursor\":{\"type\":[\"string\",\"null\"]}}",
                .errors = list_errors,
                .examples = list_examples,
        },
        {
                .act = { .name = "device_get",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .run = msptk__device_get },
                .since = "0.1",
                .title = "Show a device",
                .summary = "show one device: keys, sources, conflicts, presence and its age",
                .description = "Everything known of one device, from whom it is known, and which "
                               "other devices might be the same machine. Fast, from the store. "
                               "For its measurements use health_history. Example: "
                               "device_id=srv-01.",
                .cli = "device show",
                .tool = 1,
                .idempotent = 1,
                .params = get_params,
                DEVICE_RECORD,
                .errors = device_errors,
                .examples = get_examples,
        },
        {
                .act = { .name = "device_add",
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .outside = 1,
                         .plan = PLAN_OPTIONAL,
                         .client_param = "client_id",
                         .timeout_ms = 60000,
                         .run = msptk__device_add,
                         .make_plan = msptk__device_add_plan },
                .since = "0.1",
                .title = "Add a device",
                .summary = "enrol a device by hand, or the machine you are on",
                .description = "Enrols a device of a client. A machine that is known already is "
                               "not enrolled twice; this machine may be enrolled again.",
                .cli = "device add",
                .params = add_params,
                DEVICE_RECORD,
                .errors = add_errors,
                .examples = add_examples,
        },
        {
                .act = { .name = "device_update",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .plan = PLAN_OPTIONAL,
                         .client_param = "client_id",
                         .run = msptk__device_update,
                         .make_plan = msptk__device_update_plan },
                .since = "0.1",
                .title = "Change a device",
                .summary = "change a device, or move it to another client",
                .description = "Changes what is given and leaves the rest. This is the only way "
                               "in which a device changes its client.",
                .cli = "device update",
                .idempotent = 1,
                .params = update_params,
                DEVICE_RECORD,
                .errors = update_errors,
                .examples = update_examples,
        },
        {
                .act = { .name = "device_remove",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_DESTRUCTIVE,
                         .plan = PLAN_OPTIONAL,
                         .run = msptk__op_device_remove,
                         .make_plan = msptk__device_remove_plan },
                .since = "0.1",
                .title = "Remove a device",
                .summary = "take a device out; its history is kept until retention ends",
                .description = "Hides a device and stops checking it; scans do not bring it back. "
                               "Its history and its id are kept.",
                .cli = "device remove",
                .params = get_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.device_removed/1",
                .result = "{\"schema\":" STR ",\"id\":" STR ",\"client_id\":" STR ",\"name\":" STR
                          ",\"removed\":" BOOL "}",
                .errors = device_errors,
                .examples = remove_examples,
        },
        {
                .act = { .name = "device_merge",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .plan = PLAN_OPTIONAL,
                         .run = msptk__device_merge,
                         .make_plan = msptk__device_merge_plan },
                .since = "0.1",
                .title = "Merge two devices",
                .summary = "say that two devices are one machine",
                .description = "Makes one device part of another; both ids answer from then on. "
                               "device_unmerge takes them apart again.",
                .cli = "device merge",
                .params = merge_params,
                DEVICE_RECORD,
                .errors = merge_errors,
                .examples = merge_examples,
        },
        {
                .act = { .name = "device_unmerge",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .plan = PLAN_OPTIONAL,
                         .run = msptk__device_unmerge,
                         .make_plan = msptk__device_unmerge_plan },
                .since = "0.1",
                .title = "Undo a merge",
                .summary = "take apart what was merged",
                .description = "Makes what was merged, by hand or by itself, a device of its own "
                               "again, exactly as it was.",
                .cli = "device unmerge",
                .params = get_params,
                DEVICE_RECORD,
                .errors = unmerge_errors,
                .examples = unmerge_examples,
        },
        {
                .act = { .name = "device_scan",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_EXECUTE,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .timeout_ms = 300000,
                         .run = msptk__device_scan },
                .since = "0.1",
                .title = "Scan for devices",
                .summary = "ask the adapters for the devices of clients",
                .description = "Asks every adapter that serves the client for its devices and "
                               "remembers them. An adapter that did not answer is named.",
                .cli = "device scan",
                .idempotent = 1,
                .params = scan_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.device_scan/1",
                .rows = "devices",
                .columns = device_columns,
                .verdict = "status",
                .coverage = "asked answered complete",
                .volatile_keys = DEVICE_VOLATILE " took_ms",
                .result = "{\"schema\":" STR ",\"status\":" STR ",\"complete\":" BOOL
                          ",\"asked\":" INT ",\"answered\":" INT ",\"found\":" INT ",\"new\":" INT
                          ",\"known\":" INT ",\"merged\":" INT ",\"conflicts\":" INT
                          ",\"suggestion\":" STR ",\"adapters\":" OBJECTS
                          ",\"devices\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                          "\"properties\":{" DEVICE_FIELDS "}}}}",
                .errors = list_errors,
                .examples = scan_examples,
        },
        {
                .act = { .name = "agent_deploy",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_EXECUTE,
                         .effect = EFFECT_WRITE,
                         .outside = 1,
                         .plan = PLAN_OPTIONAL,
                         .timeout_ms = 1800000,
                         .run = msptk__device_deploy,
                         .make_plan = msptk__device_deploy_plan },
                .since = "0.1",
                .title = "Deploy an agent",
                .summary = "bring an adapter's agent onto a device, and see it check in",
                .description = "Succeeds only when the adapter saw the agent check in; the result "
                               "says how that was seen.",
                .cli = "device deploy",
                .params = deploy_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.agent_deployed/1",
                .volatile_keys = "observed_at evidence",
                .result = "{\"schema\":" STR ",\"device_id\":" STR ",\"client_id\":" STR
                          ",\"adapter\":" STR ",\"checked_in\":" BOOL ",\"evidence\":" STR
                          ",\"observed_at\":" STR "}",
                .errors = outside_errors,
                .examples = deploy_examples,
        },
        {
                .act = { .name = "command_run",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_EXECUTE,
                         .effect = EFFECT_DESTRUCTIVE,
                         .outside = 1,
                         .timeout_ms = 600000,
                         .run = msptk__device_command },
                .since = "0.1",
                .title = "Run a command",
                .summary = "run a command on a device and wait for its end",
                .description = "Runs a program with arguments, without a shell. A command that "
                               "ran and failed is a result, not an error.",
                .cli = "device run",
                .absent = "mcp: runs arbitrary programs",
                .params = command_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.command_result/1",
                .columns = command_columns,
                .volatile_keys = "took_ms stdout stderr",
                .result = "{\"schema\":" STR ",\"device_id\":" STR ",\"client_id\":" STR
                          ",\"adapter\":" STR
                          ",\"exit_status\":{\"type\":[\"integer\",\"null\"]},\"signalled\":{"
                          "\"type\":[\"integer\",\"null\"]},\"timed_out\":" BOOL
                          ",\"started\":" BOOL ",\"lost\":" BOOL ",\"stdout\":" STR
                          ",\"stdout_cleaned\":" BOOL ",\"stderr\":" STR ",\"stderr_cleaned\":" BOOL
                          ",\"truncated\":" BOOL ",\"took_ms\":" INT "}",
                .errors = outside_errors,
                .examples = command_examples,
        },
        { .act = { 0 } },
};
