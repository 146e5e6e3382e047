#include "cli/screen.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MIN_CELL = 6 };

void
screen_init(struct screen *screen, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width;

	*screen = (struct screen){ .out = out };
	if (!isatty(fileno(out)))
		return;
	screen->is_terminal = true;
	screen->has_colour = !(no_colour && *no_colour) && term &&
			     strcmp(term, "dumb") != 0;
	screen->width = 80;
	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		screen->width = size.ws_col;
	else if (columns && (width = strtol(columns, NULL, 10)) > 0 && width < 10000)
		screen->width = (int)width;
	if (screen->width < 20)
		screen->width = 20;
}

const char *
screen_style(const struct screen *screen, enum screen_style style)
{
	static const char *const escape[] = { "\033[0m", "\033[1m", "\033[2m",
		"\033[32m", "\033[33m", "\033[31m" };

	return screen->has_colour ? escape[style] : "";
}

void
screen_put(const struct screen *screen, enum screen_style style, const char *text)
{
	fputs(screen_style(screen, style), screen->out);
	text_put(screen->out, text);
	fputs(screen_style(screen, STYLE_PLAIN), screen->out);
}

void
screen_wrap(const struct screen *screen, int indent, int used, const char *text)
{
	AUTO_FREE char *shown = text_show(text, true);
	struct span rest = span_of(shown), word;
	int column = used;
	bool is_first = true;

	while (span_next(&rest, ' ', &word)) {
		AUTO_FREE char *one = xstrndup(word.p, word.n);
		int width = (int)text_width(one);

		if (width == 0)
			continue;
		if (!is_first && screen->width > 0 &&
		    column + 1 + width > screen->width) {
			fprintf(screen->out, "\n%*s", indent, "");
			column = indent;
		} else if (!is_first) {
			fputc(' ', screen->out);
			column++;
		}
		fputs(one, screen->out);
		column += width;
		is_first = false;
	}
	fputc('\n', screen->out);
}

void
screen_line(const struct screen *screen, int indent, const char *text)
{
	AUTO_FREE char *shown = text_show(text, true);
	size_t lead = strspn(shown, " ");

	if (screen->width == 0 || (int)text_width(shown) <= screen->width) {
		text_put(screen->out, text);
		fputc('\n', screen->out);
		return;
	}
	fprintf(screen->out, "%*s", (int)lead, "");
	screen_wrap(screen, indent, (int)lead, text + strspn(text, " "));
}

char *
screen_cut(const char *text, size_t width)
{
	char *shown = text_show(text, true);
	size_t n = strlen(shown);

	if (text_width(shown) <= width)
		return shown;
	/* No character takes more than four bytes; a line of a megabyte is cut at once. */
	if (n > 4 * width + 4) {
		n = 4 * width + 4;
		while (n > 0 && ((unsigned char)shown[n] & 0xC0) == 0x80)
			n--;
		shown[n] = '\0';
	}
	while (n > 0) {
		do
			n--;
		while (n > 0 && ((unsigned char)shown[n] & 0xC0) == 0x80);
		shown[n] = '\0';
		if (text_width(shown) + 1 <= width)
			break;
	}
	char *cut = xasprintf("%s…", shown);

	free(shown);
	return cut;
}

void
sheet_init(struct sheet *sheet, const char *const *header, size_t n_cols)
{
	*sheet = (struct sheet){
		.header = header, .n_cols = n_cols, .n_narrow = n_cols
	};
}

void
sheet_clear(struct sheet *sheet)
{
	for (size_t r = 0; r < sheet->n; r++) {
		for (size_t c = 0; c < sheet->n_cols; c++)
			free(sheet->row[r].cell[c]);
		free(sheet->row[r].cell);
		free(sheet->row[r].note);
	}
	free(sheet->row);
	sheet->row = NULL;
	sheet->n = sheet->cap = 0;
}

void
sheet_add(struct sheet *sheet, const char *const *cell, const char *note)
{
	struct sheet_row *row;

	GROW(sheet->row, sheet->n, sheet->cap);
	row = &sheet->row[sheet->n++];
	row->cell = xcalloc(sheet->n_cols, sizeof(*row->cell));
	for (size_t c = 0; c < sheet->n_cols; c++)
		row->cell[c] = text_show(cell[c] ? cell[c] : "", true);
	row->note = note ? text_show(note, true) : NULL;
}

/* Widths of the first N columns, and their sum. */
static size_t
measure(const struct sheet *sheet, size_t n, bool with_header, size_t *width)
{
	size_t sum = 0;

	for (size_t c = 0; c < n; c++) {
		width[c] = with_header ? text_width(sheet->header[c]) : 0;
		for (size_t r = 0; r < sheet->n; r++) {
			size_t w = text_width(sheet->row[r].cell[c]);

			if (w > width[c])
				width[c] = w;
		}
		sum += width[c];
	}
	return sum;
}

/* Takes from the widest column until the sum fits into ROOM, but leaves each legible. */
static void
shrink(size_t *width, size_t n, size_t sum, size_t room)
{
	while (sum > room) {
		size_t widest = 0;

		for (size_t c = 1; c < n; c++) {
			if (width[c] > width[widest])
				widest = c;
		}
		if (width[widest] <= MIN_CELL)
			break;
		width[widest]--;
		sum--;
	}
}

static void
put_cell(const struct screen *screen, const char *text, size_t width, bool is_last)
{
	AUTO_FREE char *cut = screen_cut(text, width);

	fputs(cut, screen->out);
	if (!is_last && text_width(cut) < width)
		fprintf(screen->out, "%*s", (int)(width - text_width(cut)), "");
}

static void
print_narrow(
    const struct sheet *sheet, const struct screen *screen, size_t n, bool with_header)
{
	size_t *width = xcalloc(n + 1, sizeof(*width));
	size_t sum = measure(sheet, n, with_header, width);

	/* Columns at the end that are empty everywhere would only leave blanks. */
	while (n > 1 && width[n - 1] == 0)
		n--;
	if (screen->width > 0)
		shrink(width, n, sum + 2 * (n - 1), (size_t)screen->width);
	for (size_t c = 0; with_header && c < n; c++) {
		fputs(screen_style(screen, STYLE_BOLD), screen->out);
		put_cell(screen, sheet->header[c], width[c], c + 1 == n);
		fputs(screen_style(screen, STYLE_PLAIN), screen->out);
		fputs(c + 1 == n ? "\n" : "  ", screen->out);
	}
	for (size_t r = 0; r < sheet->n; r++) {
		for (size_t c = 0; c < n; c++) {
			put_cell(screen, sheet->row[r].cell[c], width[c], c + 1 == n);
			fputs(c + 1 == n ? "\n" : "  ", screen->out);
		}
		if (!sheet->row[r].note)
			continue;
		fprintf(screen->out, "  %s", screen_style(screen, STYLE_DIM));
		screen_wrap(screen, 4, 2, sheet->row[r].note);
		fputs(screen_style(screen, STYLE_PLAIN), screen->out);
	}
	free(width);
}

/* A bar inside a cell would be a column of its own. */
static char *
markdown_cell(const char *text)
{
	char *cell = xmalloc(2 * strlen(text) + 1), *p = cell;

	for (; *text; text++) {
		if (*text == '|')
			*p++ = '\\';
		*p++ = *text;
	}
	*p = '\0';
	return cell;
}

static void
print_markdown(const struct sheet *sheet, const struct screen *screen, size_t *width)
{
	FILE *out = screen->out;

	for (size_t c = 0; c < sheet->n_cols; c++)
		fprintf(out, "| %-*s ", (int)width[c], sheet->header[c]);
	fputs("|\n", out);
	for (size_t c = 0; c < sheet->n_cols; c++) {
		fputs("|-", out);
		for (size_t i = 0; i < width[c]; i++)
			fputc('-', out);
		fputc('-', out);
	}
	fputs("|\n", out);
	for (size_t r = 0; r < sheet->n; r++) {
		for (size_t c = 0; c < sheet->n_cols; c++) {
			AUTO_FREE char *cell = markdown_cell(sheet->row[r].cell[c]);
			size_t w = text_width(cell);

			fprintf(out, "| %s%*s ", cell,
			    w < width[c] ? (int)(width[c] - w) : 0, "");
		}
		fputs("|\n", out);
	}
}

void
sheet_print(const struct sheet *sheet, const struct screen *screen)
{
	size_t *width = xcalloc(sheet->n_cols + 1, sizeof(*width));
	size_t sum = measure(sheet, sheet->n_cols, true, width) + 3 * sheet->n_cols + 1;

	if (screen->width > 0 && sum > (size_t)screen->width)
		print_narrow(sheet, screen, sheet->n_narrow, true);
	else
		print_markdown(sheet, screen, width);
	free(width);
}

void
sheet_print_plain(const struct sheet *sheet, const struct screen *screen)
{
	print_narrow(sheet, screen, sheet->n_cols, false);
}
