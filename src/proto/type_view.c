/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one node of a type at a time, from an [option] or from a class text (protocol.md 1.10, 2.1;
 * the server's TypeParser). Cannot fail: a class that is not known stays OPAQUE, an option that is
 * not known is UNKNOWN, and neither has children.
 */
#include "proto/type_view.h"

#include "base/buf.h"
#include "base/err.h"
#include "proto/cql.h"
#include "proto/type.h"
#include "proto/wire.h"

enum { MAX_WRAPPERS = 8, MAX_DIM = 65536 };

static const char *const simple[] = {
    [CQL_TYPE_ASCII] = "ascii",
    [CQL_TYPE_BIGINT] = "bigint",
    [CQL_TYPE_BLOB] = "blob",
    [CQL_TYPE_BOOLEAN] = "boolean",
    [CQL_TYPE_COUNTER] = "counter",
    [CQL_TYPE_DECIMAL] = "decimal",
    [CQL_TYPE_DOUBLE] = "double",
    [CQL_TYPE_FLOAT] = "float",
    [CQL_TYPE_INT] = "int",
    [CQL_TYPE_TEXT] = "text",
    [CQL_TYPE_TIMESTAMP] = "timestamp",
    [CQL_TYPE_UUID] = "uuid",
    [CQL_TYPE_VARCHAR] = "text",
    [CQL_TYPE_VARINT] = "varint",
    [CQL_TYPE_TIMEUUID] = "timeuuid",
    [CQL_TYPE_INET] = "inet",
    [CQL_TYPE_DATE] = "date",
    [CQL_TYPE_TIME] = "time",
    [CQL_TYPE_SMALLINT] = "smallint",
    [CQL_TYPE_TINYINT] = "tinyint",
    [CQL_TYPE_DURATION] = "duration",
};

static const struct {
    const char *class_;
    int id;
} classes[] = {
    {"AsciiType", CQL_TYPE_ASCII},
    {"LongType", CQL_TYPE_BIGINT},
    {"BytesType", CQL_TYPE_BLOB},
    {"BooleanType", CQL_TYPE_BOOLEAN},
    {"CounterColumnType", CQL_TYPE_COUNTER},
    {"DecimalType", CQL_TYPE_DECIMAL},
    {"DoubleType", CQL_TYPE_DOUBLE},
    {"FloatType", CQL_TYPE_FLOAT},
    {"Int32Type", CQL_TYPE_INT},
    {"UTF8Type", CQL_TYPE_VARCHAR},
    {"TimestampType", CQL_TYPE_TIMESTAMP},
    {"DateType", CQL_TYPE_TIMESTAMP},
    {"UUIDType", CQL_TYPE_UUID},
    {"IntegerType", CQL_TYPE_VARINT},
    {"TimeUUIDType", CQL_TYPE_TIMEUUID},
    {"InetAddressType", CQL_TYPE_INET},
    {"SimpleDateType", CQL_TYPE_DATE},
    {"TimeType", CQL_TYPE_TIME},
    {"ShortType", CQL_TYPE_SMALLINT},
    {"ByteType", CQL_TYPE_TINYINT},
    {"DurationType", CQL_TYPE_DURATION},
    {"ListType", CQL_TYPE_LIST},
    {"SetType", CQL_TYPE_SET},
    {"MapType", CQL_TYPE_MAP},
    {"TupleType", CQL_TYPE_TUPLE},
    {"UserType", CQL_TYPE_UDT},
    {"VectorType", CQL_VIEW_VECTOR},
};

const char *cql_type_simple_name(int id)
{
    if (id < 0 || (size_t)id >= sizeof(simple) / sizeof(simple[0])) return NULL;
    return simple[id];
}

static cq_bytes trim(cq_bytes s)
{
    while (s.n && s.p[0] == ' ')
        s = (cq_bytes){s.p + 1, s.n - 1};
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* Up to the next comma outside parentheses; *rest is what follows it. */
static cq_bytes next_argument(cq_bytes *rest)
{
    cq_bytes all = *rest;
    size_t depth = 0, i;

    for (i = 0; i < all.n && (depth || all.p[i] != ','); i++) {
        if (all.p[i] == '(') depth++;
        if (all.p[i] == ')' && depth) depth--;
    }
    *rest = i < all.n ? (cq_bytes){all.p + i + 1, all.n - i - 1} : (cq_bytes){all.p + i, 0};
    return trim((cq_bytes){all.p, i});
}

/* "a.b.Name(arguments)": the bare name and the arguments (null without parentheses). */
static cq_bytes split_class(cq_bytes s, cq_bytes *arguments)
{
    const cq_bytes package = CQ_LIT("org.apache.cassandra.db.marshal.");
    cq_bytes name = trim(s);
    const uint8_t *open = name.n ? memchr(name.p, '(', name.n) : NULL;

    *arguments = CQ_NULL;
    if (open && name.p[name.n - 1] == ')') {
        size_t at = (size_t)(open - name.p);

        *arguments = (cq_bytes){open + 1, name.n - at - 2};
        name.n = at;
    }
    if (cq_has_prefix(name, package)) name = (cq_bytes){name.p + package.n, name.n - package.n};
    return name;
}

static int class_id(cq_bytes name)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (cq_eq(name, cq_str(classes[i].class_))) return classes[i].id;
    return CQL_VIEW_OPAQUE;
}

static bool parse_dim(cq_bytes s, uint32_t *dim)
{
    uint32_t v = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || v > MAX_DIM) return false;
        v = v * 10 + (uint32_t)(s.p[i] - '0');
    }
    *dim = v;
    return s.n > 0 && v <= MAX_DIM;
}

static void open_class(struct cql_type_view *v, cq_bytes whole)
{
    cq_bytes arguments, name = split_class(whole, &arguments);

    for (int i = 0; i < MAX_WRAPPERS && !cq_is_null(arguments); i++) {
        bool frozen = cq_eq(name, CQ_LIT("FrozenType"));

        if (!frozen && !cq_eq(name, CQ_LIT("ReversedType"))) break;
        v->is_frozen = v->is_frozen || frozen;
        name = split_class(arguments, &arguments);
    }
    v->is_class = true;
    v->id = class_id(name);
    if (!cql_type_simple_name(v->id) && cq_is_null(arguments)) v->id = CQL_VIEW_OPAQUE;
    v->rest = arguments;
    v->left = UINT32_MAX;
    if (v->id == CQL_TYPE_UDT) {
        next_argument(&v->rest);
        v->name = next_argument(&v->rest);
    } else if (v->id == CQL_VIEW_VECTOR) {
        cq_bytes element = next_argument(&v->rest);

        if (!parse_dim(trim(v->rest), &v->dim)) v->id = CQL_VIEW_OPAQUE;
        v->rest = element;
    } else if (cql_type_simple_name(v->id)) {
        v->left = 0;
    }
    if (v->id == CQL_VIEW_OPAQUE) *v = (struct cql_type_view){.id = v->id, .name = whole};
}

static void open_udt(struct cql_type_view *v, struct cql_reader *r)
{
    cql_read_string(r);
    v->name = cql_read_string(r);
    v->left = cql_read_u16(r);
}

void cql_type_open(struct cql_type_view *v, struct cql_type_ref ref)
{
    struct cql_reader r = cql_reader_of(ref.s);

    *v = (struct cql_type_view){0};
    if (ref.is_class) {
        open_class(v, ref.s);
        return;
    }
    v->id = v->wire_id = cql_read_u16(&r);
    if (v->id == CQL_TYPE_CUSTOM && !r.bad) {
        open_class(v, cql_read_string(&r));
        return;
    }
    if (v->id == CQL_TYPE_LIST || v->id == CQL_TYPE_SET)
        v->left = 1;
    else if (v->id == CQL_TYPE_MAP)
        v->left = 2;
    else if (v->id == CQL_TYPE_TUPLE)
        v->left = cql_read_u16(&r);
    else if (v->id == CQL_TYPE_UDT)
        open_udt(v, &r);
    else if (!cql_type_simple_name(v->id))
        v->id = CQL_VIEW_UNKNOWN;
    v->rest = cql_rest(&r);
    if (r.bad) *v = (struct cql_type_view){.id = CQL_VIEW_UNKNOWN, .wire_id = v->wire_id};
}

bool cql_type_child(struct cql_type_view *v, struct cql_type_ref *child, cq_bytes *field)
{
    struct cql_reader r = cql_reader_of(v->rest);
    long n;

    *field = CQ_NULL;
    if (v->left == 0 || (v->is_class && v->rest.n == 0)) return false;
    v->left--;
    if (v->is_class) {
        cq_bytes s = next_argument(&v->rest);
        const uint8_t *colon = v->id == CQL_TYPE_UDT && s.n ? memchr(s.p, ':', s.n) : NULL;

        if (colon) {
            *field = (cq_bytes){s.p, (size_t)(colon - s.p)};
            s = (cq_bytes){colon + 1, s.n - field->n - 1};
        }
        *child = (struct cql_type_ref){s, true};
        return true;
    }
    if (v->id == CQL_TYPE_UDT) *field = cql_read_string(&r);
    n = cql_type_length(cql_rest(&r));
    if (r.bad || n < 0) {
        v->left = 0;
        return false;
    }
    *child = (struct cql_type_ref){cql_read_raw(&r, (size_t)n), false};
    v->rest = cql_rest(&r);
    return true;
}

unsigned cql_type_fixed(const struct cql_type_view *v)
{
    switch (v->id) {
    case CQL_TYPE_BOOLEAN:
        return 1;
    case CQL_TYPE_INT:
    case CQL_TYPE_FLOAT:
        return 4;
    case CQL_TYPE_BIGINT:
    case CQL_TYPE_DOUBLE:
    case CQL_TYPE_TIMESTAMP:
        return 8;
    case CQL_TYPE_UUID:
    case CQL_TYPE_TIMEUUID:
        return 16;
    default:
        return 0;
    }
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Byte i of a name, hex or not; -1 past its end or where it is no hex. */
static int name_byte(cq_bytes name, bool is_hex, size_t i)
{
    int hi, lo;

    if (!is_hex) return i < name.n ? name.p[i] : -1;
    if (2 * i + 1 >= name.n) return -1;
    hi = hex_digit(name.p[2 * i]);
    lo = hex_digit(name.p[2 * i + 1]);
    return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

static bool is_plain(cq_bytes name, bool is_hex)
{
    size_t i;
    int c;

    for (i = 0; (c = name_byte(name, is_hex, i)) >= 0; i++) {
        bool letter = (c >= 'a' && c <= 'z') || (i > 0 && (c == '_' || (c >= '0' && c <= '9')));

        if (!letter) return false;
    }
    return i > 0;
}

void cql_write_identifier(struct cq_buf *out, cq_bytes name, bool is_hex)
{
    bool quoted = !is_plain(name, is_hex);
    int c;

    if (quoted) cq_buf_putc(out, '"');
    for (size_t i = 0; (c = name_byte(name, is_hex, i)) >= 0; i++) {
        if (c == '"') cq_buf_putc(out, '"');
        cq_buf_putc(out, (char)c);
    }
    if (quoted) cq_buf_putc(out, '"');
}
