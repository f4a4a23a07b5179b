/* The least that any program with our five libraries costs: it loads them, opens the database and
 * runs the select of a list of clients.
 *
 *     bench_five_libraries DATABASE
 */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <yaml.h>

int main(int argc, char **argv)
{
        /* Called, so that the linker leaves no library out. */
        bool all = cJSON_Version() && curl_version() && sodium_version_string() &&
                   yaml_get_version_string();
        sqlite3_stmt *q = NULL;
        sqlite3 *db = NULL;
        long bytes = 0;
        int rows = 0;

        if (argc != 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) ||
            sqlite3_prepare_v2(db, "SELECT * FROM client WHERE deleted_at = 0 ORDER BY id", -1, &q,
                               NULL))
                return 3;
        while (sqlite3_step(q) == SQLITE_ROW) {
                for (int i = 0; i < sqlite3_column_count(q); i++)
                        bytes += sqlite3_column_bytes(q, i);
                rows++;
        }
        sqlite3_finalize(q);
        sqlite3_close(db);
        return rows && bytes && all ? 0 : 3;
}
