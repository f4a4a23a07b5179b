/* What comes back from outside to vault and audit: key files, references, heads; and redaction of
 * any bytes, which must neither grow them nor leave a known secret in them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/trail.h"
#include "vault/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_head(const char *text)
{
        char again[AUDIT_HEAD_TEXT];
        audit_head head, back;

        if (msptk__audit_head_parse(text, &head, NULL) < 0)
                return;
        msptk__audit_head_print(&head, again);
        if (msptk__audit_head_parse(again, &back, NULL) < 0 || back.seq != head.seq ||
            memcmp(back.signature, head.signature, SIGN_BYTES))
                __builtin_trap();
}

static void try_key_file(const uint8_t *data, size_t size)
{
        char path[] = "/tmp/msptk-fuzz-key-XXXXXX";
        vault_key key = { 0 };
        int fd = mkstemp(path);

        if (fd < 0)
                return;
        if (write(fd, data, size) == (ssize_t)size &&
            msptk__key_file_read(path, &key, NULL) == MSPTK_OK)
                msptk__key_clear(&key);
        close(fd);
        unlink(path);
}

static void try_redaction(char *text, size_t size)
{
        static const char known[] = "s3cr3t-value";
        ctx c = { .principal = "fuzz" };
        size_t len;

        if (msptk__vault_open(&c, &(vault_opts){ .ephemeral = 1 }, &c.vault, NULL) < 0)
                return;
        msptk__redact_learn(&c, known, sizeof(known) - 1);
        if (size >= 8) /* a secret that the text itself holds */
                msptk__redact_learn(&c, text + size / 2, 4);
        len = msptk__redact_bytes(&c, text, size);
        if (len > size || memmem(text, len, known, sizeof(known) - 1))
                __builtin_trap();
        msptk__vault_free(c.vault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        ctx c = { .principal = "fuzz" };
        secret *s = NULL;
        char *text;

        if (size > 4096 || !(text = msptk__strndup((const char *)data, size)))
                return 0;
        try_head(text);
        try_key_file(data, size);
        /* Not exec: the words of a fuzzer are no programs to run. */
        if (strncmp(text, "exec:", 5) && strncmp(text, "file:", 5) &&
            msptk__secret_resolve(&c, text, NULL, &s, NULL) == MSPTK_OK)
                msptk__secret_free(s);
        try_redaction(text, size);
        msptk__free(text);
        return 0;
}
