/* Keys by which machines are known: one form for each, and which of them mean nothing. */
#define ROOM "devices"
#include "devices/internal.h"

#include <string.h>

/* What makers leave in the field when they leave it empty; compared without separators. */
static const char *const nonsense[] = {
        "TOBEFILLEDBYOEM",
        "TOBEFILLED",
        "FILLEDBYOEM",
        "DEFAULTSTRING",
        "DEFAULT",
        "SYSTEMSERIALNUMBER",
        "SYSTEMSERIAL",
        "CHASSISSERIALNUMBER",
        "BASEBOARDSERIALNUMBER",
        "SERIALNUMBER",
        "SERIAL",
        "SERNO",
        "NONE",
        "NULL",
        "NA",
        "NIL",
        "NOTSPECIFIED",
        "NOTAPPLICABLE",
        "NOTAVAILABLE",
        "NOTDEFINED",
        "NOTSET",
        "UNKNOWN",
        "UNDEFINED",
        "UNINITIALIZED",
        "INVALID",
        "EMPTY",
        "OEM",
        "OEMSERIALNUMBER",
        "SYSTEMMANUFACTURER",
        "SYSTEMPRODUCTNAME",
        "TEST",
        "SAMPLE",
        "XXXXXXX",
        "EVAL",
        "MBASSETTAG",
        "NOASSETTAG",
        "ASSETTAG",
        "DEADBEEF",
        "FFFFFFFF",
        "1234567890ABCDEF",
        "ABCDEFGH",
        "ABCD1234",
};

static char upper(char c)
{
        return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool is_word(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* Capital letters and digits only. */
static size_t bare(const char *text, char *out, size_t cap)
{
        size_t n = 0;

        for (; *text && n + 1 < cap; text++)
                if (is_word(upper(*text)))
                        out[n++] = upper(*text);
        out[n] = '\0';
        return n;
}

static bool one_character(const char *text)
{
        for (const char *p = text; *p; p++)
                if (*p != text[0])
                        return false;
        return true;
}

/* "123456789", "0123456", "987654321": what fingers type. */
static bool counts(const char *text)
{
        size_t len = strlen(text);
        bool up = true, down = true;

        for (size_t i = 1; i < len; i++) {
                if (text[i] < '0' || text[i] > '9' || text[i - 1] < '0' || text[i - 1] > '9')
                        return false;
                up = up && text[i] == (text[i - 1] == '9' ? '0' : text[i - 1] + 1);
                down = down && text[i] == (text[i - 1] == '0' ? '9' : text[i - 1] - 1);
        }
        return up || down;
}

static bool meaningless(const char *value)
{
        char word[KEY_VALUE_CAP];
        size_t len = bare(value, word, sizeof(word));

        if (len < 4 || one_character(word) || counts(word))
                return true;
        for (size_t i = 0; i < ARRAY_LEN(nonsense); i++)
                if (!strcmp(word, nonsense[i]))
                        return true;
        return false;
}

static device_key *add(device_keys *keys, const char *kind)
{
        device_key *k = &keys->items[keys->count];

        if (keys->count >= DEVICE_KEYS_MAX)
                return NULL;
        *k = (device_key){ .kind = kind };
        return k;
}

/* Counts the key just written, unless it is empty or there already. */
static void keep(device_keys *keys)
{
        const device_key *k = &keys->items[keys->count];

        if (!k->value[0])
                return;
        for (size_t i = 0; i < keys->count; i++)
                if (!strcmp(keys->items[i].kind, k->kind) &&
                    !strcmp(keys->items[i].value, k->value))
                        return;
        keys->count++;
}

static void add_serial(device_keys *keys, const char *serial)
{
        device_key *k = add(keys, "serial");
        size_t n = 0;

        if (!k || !msptk__utf8_valid(serial, strlen(serial)))
                return;
        serial += strspn(serial, " \t");
        for (; *serial && n + 1 < sizeof(k->value); serial++)
                if (!((unsigned char)*serial <= ' ' && (n == 0 || k->value[n - 1] == ' ')))
                        k->value[n++] = (unsigned char)*serial <= ' ' ? ' ' : upper(*serial);
        n = msptk__utf8_cut(k->value, n, n);
        while (n && k->value[n - 1] == ' ')
                n--;
        k->value[n] = '\0';
        k->state = meaningless(k->value) ? KEY_NONSENSE : KEY_USABLE;
        keep(keys);
}

static void add_machine_id(device_keys *keys, const char *id)
{
        device_key *k = add(keys, "machine_id");
        size_t n;

        if (!k || !msptk__utf8_valid(id, strlen(id)))
                return;
        /* With and without dashes and braces it is the same id. */
        n = bare(id, k->value, sizeof(k->value));
        k->value[msptk__utf8_cut(k->value, n, n)] = '\0';
        k->state = n < 8 || meaningless(k->value) ? KEY_NONSENSE : KEY_USABLE;
        for (char *p = k->value; *p; p++)
                *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
        keep(keys);
}

static int32_t hex_digit(char c)
{
        c = upper(c);
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Six bytes in any of the usual spellings; what is none is not kept at all. */
static void add_mac(device_keys *keys, const char *text, size_t len)
{
        static const char digits[] = "0123456789abcdef";
        device_key *k = add(keys, "mac");
        uint8_t nibbles[12];
        size_t n = 0;

        for (size_t i = 0; k && i < len; i++) {
                if (strchr(":-. ", text[i]))
                        continue;
                if (n >= sizeof(nibbles) || hex_digit(text[i]) < 0)
                        return;
                nibbles[n++] = (uint8_t)hex_digit(text[i]);
        }
        if (!k || n != sizeof(nibbles))
                return;
        for (size_t i = 0; i < 6; i++) {
                k->value[i * 3] = digits[nibbles[i * 2]];
                k->value[i * 3 + 1] = digits[nibbles[i * 2 + 1]];
                k->value[i * 3 + 2] = i < 5 ? ':' : '\0';
        }
        /* Group addresses, and those that software makes up. */
        k->state = nibbles[1] & 3 ? KEY_NONSENSE : KEY_USABLE;
        for (n = 1; n < sizeof(nibbles) && nibbles[n] == nibbles[0]; n++)
                ;
        if (n == sizeof(nibbles))
                k->state = KEY_NONSENSE;
        keep(keys);
}

void msptk__device_keys_read(const char *serial, const char *machine_id, const char *macs,
                             device_keys *ret)
{
        ret->count = 0;
        if (serial)
                add_serial(ret, serial);
        if (machine_id)
                add_machine_id(ret, machine_id);
        while (macs && *macs) {
                size_t len = strcspn(macs, ",;\n");

                add_mac(ret, macs, len);
                macs += len + (macs[len] != '\0');
        }
}

const char *msptk__device_key_why(const char *kind)
{
        if (!strcmp(kind, "mac"))
                return "software made it up, or it is a group address";
        return "its maker left the field without meaning";
}
