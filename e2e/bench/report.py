"""The table: what was measured, what it should be, and whether that is so."""

WIDTHS = (12, 44, 32)  # of case, what and figure; the target has the rest


class Report:
    """Rows are printed as they come and again at the end, all in one table."""

    def __init__(self):
        self.rows, self.missed = [], []

    def note(self, case, what, figure, target=""):
        """A figure that nothing depends on: a time, say, with the target it should have."""
        row = (case, what, str(figure), target)
        self.rows.append(row)
        print(line(row), flush=True)

    def demand(self, case, what, value, at_most, unit="B"):
        """A figure that has to keep its target, or the bench fails."""
        met = value <= at_most
        if not met:
            self.missed.append(f"{case}: {what}")
        self.note(case, what, f"{value:,} {unit}",
                  f"at most {at_most:,} {unit}: {'met' if met else 'MISSED'}")

    def print_all(self):
        print(f"\n{line(('case', 'what', 'figure', 'target'))}\n{'-' * 118}")
        last = None
        for row in self.rows:
            print(line((row[0] if row[0] != last else "", *row[1:])))
            last = row[0]
        print("\nTimes are reported, not enforced: another load on the machine is in them.")
        for what in self.missed:
            print(f"MISSED: {what}")


def line(row):
    cells = [f"{text:>{width}}" if number == 2 else f"{text:{width}}"
             for number, (text, width) in enumerate(zip(row, WIDTHS))]
    return ("  ".join(cells) + "  " + row[3]).rstrip()
