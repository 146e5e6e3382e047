#include "cli/risk_out.h"

#include "base/mem.h"
#include "cli/json.h"
#include "engine/knowledge.h"

enum { FILES_SHOWN = 5, FILES_MAX = 100 };

/* The files behind the chance, as data; the likeliest to collide first. */
static json_object *
files_json(const struct forecast *forecast)
{
	json_object *rows = json_object_new_array();

	for (size_t i = 0; i < forecast->n && i < FILES_MAX; i++) {
		const struct forecast_file *f = &forecast->file[i];
		json_object *object = json_object_new_object();

		json_object_object_add(object, "path", json_str(f->file.path));
		json_object_object_add(object, "class",
		    json_str(risk_class_name(risk_class_of(f->file.path))));
		json_object_object_add(object, "bytes",
		    f->file.n_bytes < 0
			? NULL
			: json_object_new_int64((int64_t)f->file.n_bytes));
		json_object_object_add(
		    object, "landings", json_object_new_int((int)f->file.hot));
		json_object_object_add(
		    object, "sure", json_object_new_double(f->file.sure));
		json_object_object_add(
		    object, "risk", json_object_new_double(f->chance));
		json_object_array_add(rows, object);
	}
	return rows;
}

void
risk_out_json(struct json_out *json, const struct forecast *forecast)
{
	json_out_value(json, "risk_files", files_json(forecast));
	json_out_chance(json, "risk_without_first_file", forecast->without);
}

void
risk_out_text(const struct forecast *forecast, const struct pair *pair, bool is_learned,
    const struct screen *screen)
{
	fprintf(screen->out, "   a conflict has a chance of %.0f %% (%s)\n",
	    100 * (double)pair->risk,
	    is_learned ? "learned here" : "shipped weights; divisi learn fits them");
	for (size_t i = 0; i < forecast->n && i < FILES_SHOWN; i++) {
		const struct forecast_file *f = &forecast->file[i];
		AUTO_FREE char *size = f->file.n_bytes < 0
					   ? xstrdup("new")
					   : xasprintf(
						 "%.1f kB", f->file.n_bytes / 1000);
		AUTO_FREE char *line = xasprintf(
		    "%s: %s, %s, in %.0f of the last %d landings%s", f->file.path,
		    risk_class_name(risk_class_of(f->file.path)), size, f->file.hot,
		    KNOWLEDGE_LANDINGS, f->file.sure < 1 ? ", perhaps" : "");

		fputs("     ", screen->out);
		screen_wrap(screen, 7, 5, line);
	}
	if (forecast->n > FILES_SHOWN)
		fprintf(screen->out, "     and %zu more\n", forecast->n - FILES_SHOWN);
	if (forecast->n > 0 && forecast->file[0].file.sure >= 1) {
		AUTO_FREE char *line = xasprintf(
		    "with %s in one of the two only: %.0f %%",
		    forecast->file[0].file.path, 100 * forecast->without);

		fputs("   ", screen->out);
		screen_wrap(screen, 5, 3, line);
	}
}
