/* One transfer: a job of the loop that owns all it needs, because its caller may stop waiting. */
#define ROOM "net"
#include "net/private.h"
#include "net/headers.h"

#include <string.h>
#include <strings.h>

static void transfer_start(job *j);
static void transfer_cancel(job *j, msptk_status why);
static void transfer_destroy(job *j);

static const job_ops transfer_ops = { transfer_start, transfer_cancel, transfer_destroy };

/* ---- made on the caller's thread ---- */

static bool copy_request(transfer *t, const net_site *s, const net_request *in, bool with_body)
{
        AUTO_BUF buf label = BUF_INIT(512);

        msptk__buf_addf(&label, "%s ", t->method ? t->method : "");
        msptk__net_url_show(t->url ? t->url : "", &label);
        t->label = msptk__buf_steal(&label);
        t->base.label = t->label;
        t->headers = msptk__net_request_headers(in, with_body);
        if (s->proxy)
                t->proxy = msptk__strdup(s->proxy);
        if (s->pin)
                t->pin = msptk__strdup(s->pin);
        if (with_body && in->body_len) {
                t->request_body = msptk__memdup(in->body, in->body_len);
                t->request_len = in->body_len;
        }
        return t->method && t->url && t->label && t->headers && !t->proxy == !s->proxy &&
               !t->pin == !s->pin && !t->request_body == !t->request_len;
}

msptk_status msptk__transfer_new(net_site *s, const net_request *in, const char *method,
                                 const char *url, bool with_body, transfer **ret,
                                 msptk_error **ret_err)
{
        transfer *t = msptk__alloc(sizeof(*t));
        size_t limit = in->body_limit && in->body_limit < s->response_limit ? in->body_limit
                                                                            : s->response_limit;

        if (!t)
                return msptk__nomem(ret_err);
        t->base.ops = &transfer_ops;
        t->n = msptk__net_ref(s->n);
        t->body = (buf)BUF_INIT(limit);
        t->ended = NET_ENDED_OTHER;
        t->method = msptk__strdup(method);
        t->url = msptk__strdup(url);
        if (!copy_request(t, s, in, with_body)) {
                transfer_destroy(&t->base);
                return msptk__nomem(ret_err);
        }
        *ret = t;
        return MSPTK_OK;
}

static void transfer_destroy(job *j)
{
        transfer *t = (transfer *)(void *)j;

        msptk__net_slist_free(t->headers);
        if (t->request_body)
                msptk__wipe(t->request_body, t->request_len);
        msptk__free(t->request_body);
        msptk__buf_clear(&t->body);
        msptk__free(t->location);
        msptk__free(t->link);
        msptk__free(t->retry_after);
        msptk__free(t->date);
        msptk__free(t->content_type);
        msptk__free(t->proxy);
        msptk__free(t->pin);
        msptk__free(t->label);
        msptk__free(t->method);
        msptk__free(t->url);
        msptk__net_unref(t->n);
        msptk__free(t);
}

/* ---- what curl hands over, on the loop ---- */

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
        transfer *t = user;

        t->began = true;
        return msptk__buf_add(&t->body, data, size * count) == MSPTK_OK ? size * count : 0;
}

static void forget_headers(transfer *t)
{
        msptk__free(STEAL(t->location));
        msptk__free(STEAL(t->link));
        msptk__free(STEAL(t->retry_after));
        msptk__free(STEAL(t->date));
        msptk__free(STEAL(t->content_type));
}

static bool printable(const char *text)
{
        for (; *text; text++)
                if (((unsigned char)*text < ' ' && *text != '\t') || *text == 127)
                        return false;
        return true;
}

/* The first of its kind is kept. */
static bool keep(char **slot, const char *value)
{
        if (!*slot)
                *slot = msptk__strdup(value);
        return *slot != NULL;
}

/* Only what was asked for: the others could cost much memory to undo. */
static bool encoding_known(const char *value)
{
        static const char *const known[] = { "gzip", "x-gzip", "deflate", "identity" };

        while (*value) {
                size_t len = strcspn(value, ", \t");
                bool found = !len;

                for (size_t i = 0; i < ARRAY_LEN(known); i++)
                        found = found ||
                                (strlen(known[i]) == len && !strncasecmp(known[i], value, len));
                if (!found)
                        return false;
                value += len;
                value += strspn(value, ", \t");
        }
        return true;
}

static bool on_named(transfer *t, const char *name, const char *value)
{
        msptk_status st;

        if (!strcasecmp(name, "Location"))
                return keep(&t->location, value);
        if (!strcasecmp(name, "Retry-After"))
                return keep(&t->retry_after, value);
        if (!strcasecmp(name, "Date"))
                return keep(&t->date, value);
        if (!strcasecmp(name, "Content-Type"))
                return keep(&t->content_type, value);
        if (!strcasecmp(name, "Content-Encoding") && !encoding_known(value)) {
                t->bad_encoding = true;
                return false;
        }
        if (strcasecmp(name, "Link") != 0 || t->link)
                return true;
        st = msptk__http_link_next(value, &t->link);
        if (st == MSPTK_E_TOOBIG)
                t->header_overflow = true;
        return st >= 0;
}

static bool on_line(transfer *t, const char *data, size_t len)
{
        AUTO_FREE char *line = NULL;
        char *colon, *value;

        while (len && strchr("\r\n \t", data[len - 1]))
                len--;
        if (!memchr(data, ':', len))
                return true;
        line = msptk__strndup(data, len);
        if (!line)
                return false;
        colon = strchr(line, ':');
        if (!colon || !printable(line))
                return true;
        *colon = '\0';
        value = colon + 1 + strspn(colon + 1, " \t");
        return on_named(t, line, value);
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
        transfer *t = user;
        size_t len = size * count;

        if (t->began) /* trailers say nothing to us */
                return len;
        t->header_bytes += len;
        if (t->header_bytes > NET_REPLY_HEADERS) {
                t->header_overflow = true;
                return 0;
        }
        if (len >= 5 && !memcmp(data, "HTTP/", 5)) { /* of 1xx replies nothing counts */
                forget_headers(t);
                return len;
        }
        return on_line(t, data, len) ? len : 0;
}

/* ---- begin ---- */

#define SET(option, value) bad |= curl_easy_setopt(e, (option), (value))

static CURLcode set_rules(CURL *e, const transfer *t, int64_t left_ms)
{
        CURLcode bad = CURLE_OK;

        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_PROTOCOLS_STR, "http,https");
        SET(CURLOPT_FOLLOWLOCATION, 0L); /* redirects are followed by our rules */
        SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        SET(CURLOPT_PROXY, t->proxy ? t->proxy : ""); /* never from the environment */
        SET(CURLOPT_NOPROXY, "");
        SET(CURLOPT_SSL_VERIFYPEER, t->pin ? 0L : 1L); /* a pin trusts one key, whoever signed it */
        SET(CURLOPT_SSL_VERIFYHOST, t->pin ? 0L : 2L);
        if (t->pin)
                SET(CURLOPT_PINNEDPUBLICKEY, t->pin);
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(left_ms < NET_CONNECT_MS ? left_ms : NET_CONNECT_MS));
        SET(CURLOPT_TIMEOUT_MS, (long)left_ms);
        SET(CURLOPT_USERAGENT, "msptk/" MSPTK_VERSION);
        SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        /* curl sends again on a kept connection that had died; that must not double a write */
        SET(CURLOPT_FRESH_CONNECT, t->idempotent ? 0L : 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
        SET(CURLOPT_QUICK_EXIT, 1L); /* giving up on a name must not block the loop */
#endif
        return bad;
}

static CURLcode set_request(CURL *e, transfer *t)
{
        CURLcode bad = CURLE_OK;
        bool body = t->request_len || !strcmp(t->method, "POST");

        SET(CURLOPT_URL, t->url);
        SET(CURLOPT_HTTPHEADER, t->headers);
        if (body) {
                SET(CURLOPT_POSTFIELDS, t->request_body ? t->request_body : "");
                SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->request_len);
        }
        if (!strcmp(t->method, "HEAD"))
                SET(CURLOPT_NOBODY, 1L);
        else if (strcmp(t->method, body ? "POST" : "GET") != 0)
                SET(CURLOPT_CUSTOMREQUEST, t->method);
        SET(CURLOPT_WRITEFUNCTION, on_body);
        SET(CURLOPT_WRITEDATA, t);
        SET(CURLOPT_HEADERFUNCTION, on_header);
        SET(CURLOPT_HEADERDATA, t);
        SET(CURLOPT_PRIVATE, t);
        return bad;
}

#undef SET

static void finish(transfer *t, msptk_status st, msptk_error *err)
{
        msptk__loop_timer_del(t->base.work, &t->start);
        msptk__multi_remove(t);
        curl_easy_cleanup(STEAL(t->easy));
        msptk__job_done(&t->base, st, err);
}

static void finish_nomem(transfer *t)
{
        msptk_error *err = NULL;

        msptk__nomem(&err);
        finish(t, MSPTK_E_NOMEM, err);
}

static void begin(transfer *t)
{
        int64_t left_ms = (t->deadline_ns - msptk__mono_ns()) / 1000000;
        msptk_error *err = NULL;

        if (left_ms <= 0) {
                fail(&err, MSPTK_E_TIMEOUT, "%s: no time is left", t->label);
                finish(t, MSPTK_E_TIMEOUT, err);
                return;
        }
        if (left_ms > INT32_MAX)
                left_ms = INT32_MAX;
        if (t->n->fault && t->n->fault(t->n->fault_user)) {
                msptk__transfer_end(t, CURLE_COULDNT_CONNECT);
                return;
        }
        t->easy = curl_easy_init();
        if (!t->easy || set_rules(t->easy, t, left_ms) != CURLE_OK ||
            set_request(t->easy, t) != CURLE_OK || msptk__multi_add(t->n, t, NULL) != MSPTK_OK)
                finish_nomem(t);
}

static void on_start(loop_timer *timer)
{
        begin((transfer *)(void *)((char *)timer - offsetof(transfer, start)));
}

static void transfer_start(job *j)
{
        transfer *t = (transfer *)(void *)j;

        if (t->start_ns <= msptk__mono_ns())
                begin(t);
        else if (msptk__loop_timer_set(j->work, &t->start, t->start_ns, on_start) != MSPTK_OK)
                finish_nomem(t);
}

static void transfer_cancel(job *j, msptk_status why)
{
        transfer *t = (transfer *)(void *)j;
        msptk_error *err = NULL;

        fail(&err, why,
             why == MSPTK_E_TIMEOUT ? "%s did not end before its deadline" : "%s was cancelled",
             t->label);
        finish(t, why, err);
}

/* ---- end ---- */

static bool is_connect_failure(const transfer *t, CURLcode code)
{
        curl_off_t sent_at = 0;

        switch ((int)code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_SSL_CONNECT_ERROR:
                return true;
        case CURLE_OPERATION_TIMEDOUT: /* before the request could be sent */
                return t->easy && msptk__mono_ns() < t->deadline_ns - 1000000 &&
                       curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at) ==
                               CURLE_OK &&
                       !sent_at;
        default:
                return false;
        }
}

static bool is_broken(CURLcode code)
{
        return code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
               code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

static bool is_trust(CURLcode code)
{
        return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
               code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR ||
               code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_CERTPROBLEM;
}

static msptk_status own_failure(const transfer *t, msptk_error **ret)
{
        if (t->header_overflow)
                return fail_why(ret, MSPTK_E_TOOBIG, "HEADER_LIMIT",
                                "the vendor has to send smaller headers",
                                "%s: the headers of the reply are too large", t->label);
        if (t->body.failed == MSPTK_E_TOOBIG)
                return fail_why(ret, MSPTK_E_TOOBIG, "BODY_LIMIT",
                                "ask for less at once, or raise limits.response_size",
                                "%s: the reply has more than %zu bytes", t->label, t->body.limit);
        if (t->bad_encoding)
                return fail_why(ret, MSPTK_E_UNAVAILABLE, "BAD_REPLY",
                                "the vendor has to send what was asked for",
                                "%s: the reply is encoded as nobody asked for", t->label);
        return MSPTK_OK;
}

static msptk_status failure(transfer *t, CURLcode code, msptk_error **ret)
{
        msptk_status st = own_failure(t, ret);

        if (st)
                return st;
        if (code == CURLE_OUT_OF_MEMORY || code == CURLE_WRITE_ERROR)
                return msptk__nomem(ret);
        if (is_connect_failure(t, code)) {
                t->ended = NET_ENDED_CONNECT;
                return fail_why(ret, MSPTK_E_UNAVAILABLE, "CONNECTION_FAILED",
                                "check the address, the network and the vendor's status page",
                                "%s: no connection (%s)", t->label, curl_easy_strerror(code));
        }
        if (code == CURLE_OPERATION_TIMEDOUT)
                return fail(ret, MSPTK_E_TIMEOUT, "%s did not end before its deadline", t->label);
        if (is_trust(code)) {
                st = fail_why(
                        ret, MSPTK_E_UNAVAILABLE, "TLS_UNTRUSTED",
                        "check who answers there; pin its key with certificate_pin on purpose",
                        "%s: the certificate is not trusted (%s)", t->label,
                        curl_easy_strerror(code));
                msptk__error_set_retry(*ret, 0, 0);
                return st;
        }
        if (is_broken(code))
                t->ended = NET_ENDED_BROKEN;
        return fail_why(ret, MSPTK_E_UNAVAILABLE, "BAD_REPLY", "try again later",
                        "%s: the reply broke off or is no HTTP (%s)", t->label,
                        curl_easy_strerror(code));
}

void msptk__transfer_end(transfer *t, CURLcode code)
{
        msptk_error *err = NULL;
        msptk_status st = MSPTK_OK;
        long status = 0;

        if (code == CURLE_OK &&
            curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK) {
                t->http_status = (int32_t)status;
                t->ended = NET_ENDED_REPLY;
        } else {
                st = failure(t, code, &err);
        }
        finish(t, st, err);
}
