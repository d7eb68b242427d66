#!/usr/bin/env python3
"""Reads what earshot-sim sweep or run left (--out DIR): means with 95 % intervals, and a figure where matplotlib is installed.

    python3 tools/sim/analysis/curves.py out                              # a table of success by point and search
    python3 tools/sim/analysis/curves.py out --column messages --svg messages.svg
    python3 tools/sim/analysis/curves.py out --column first_ms --x search.ttl --csv means.csv

In a notebook: from curves import runs, means; runs("out") is a pandas DataFrame (a list of dictionaries without pandas).
Needs nothing but Python 3.9; pandas and matplotlib are used where they are there.
"""
import argparse
import csv
import json
import math
import pathlib
import sys

# Student's t, two-sided 95 %, by degrees of freedom; beyond the last, the value for the next smaller entry, never too narrow.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
     2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def rows(folder, table="runs.csv"):
    """The rows of a table as dictionaries, numbers as numbers."""
    with open(pathlib.Path(folder) / table, newline="") as file:
        return [{key: number(value) for key, value in row.items()} for row in csv.DictReader(file)]


def runs(folder, table="runs.csv"):
    """A pandas DataFrame, or what rows() returns where pandas is not installed."""
    try:
        import pandas
    except ImportError:
        return rows(folder, table)
    return pandas.read_csv(pathlib.Path(folder) / table)


def keys(folder):
    """The swept keys, in the order of the sweep."""
    manifest = json.loads((pathlib.Path(folder) / "manifest.json").read_text())
    return [axis["key"] for axis in manifest["sweep"]["axes"]]


def interval(values):
    """Mean and half width of the 95 % interval by Student's t."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    freedom = len(values) - 1
    t = T[freedom - 1] if freedom <= len(T) else 2.042 if freedom < 40 else 2.021 if freedom < 60 else 2.0 if freedom < 120 else 1.98
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / freedom)
    return mean, t * spread / math.sqrt(len(values))


def means(folder, column="success"):
    """One dictionary for each point and search: the swept keys, search, seeds, mean and half width."""
    groups = {}
    for row in rows(folder):
        groups.setdefault(tuple(row[key] for key in keys(folder) + ["search"]), []).append(row[column])
    names = keys(folder) + ["search"]
    result = []
    for group, values in groups.items():
        mean, half = interval(values)
        result.append(dict(zip(names, group), seeds=len(values), mean=mean, half=half))
    return result


def draw(points, x, column, path):
    """Curves of every combination of the other keys over x; false where matplotlib is not installed."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plot
    except ImportError:
        return False
    curves = {}
    for point in points:
        name = ", ".join(str(value) for key, value in point.items() if key not in (x, "seeds", "mean", "half"))
        curves.setdefault(name, []).append(point)
    figure, axes = plot.subplots(figsize=(5.6, 3.6))
    for name, curve in curves.items():
        axes.errorbar([point[x] for point in curve], [point["mean"] for point in curve], [point["half"] for point in curve],
                      marker="o", markersize=4, capsize=3, label=name)
    axes.set_xlabel(x)
    axes.set_ylabel(column)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--column", default="success", help="of runs.csv")
    parser.add_argument("--x", help="swept key along the x axis; the last one if not given")
    parser.add_argument("--csv", help="write the means there")
    parser.add_argument("--svg", help="draw them there (.svg, .pdf, .png)")
    arguments = parser.parse_args()
    try:
        points = means(arguments.folder, arguments.column)
    except FileNotFoundError as error:
        sys.exit(f"curves.py: {error.filename}: no such file; is this what was given to earshot-sim as --out?")
    except KeyError as error:
        sys.exit(f"curves.py: runs.csv has no column {error}")
    for point in points:
        where = "  ".join(f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}"
                          for key, value in point.items() if key not in ("seeds", "mean", "half"))
        print(f"{where}  {arguments.column} {point['mean']:.6g} ± {point['half']:.2g}  ({point['seeds']} seeds)")
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, points[0].keys())
            writer.writeheader()
            writer.writerows(points)
    if arguments.svg:
        x = arguments.x or (keys(arguments.folder) or ["search"])[-1]
        if not draw(points, x, arguments.column, arguments.svg):
            print("matplotlib is not installed: earshot-sim report draws the same figures without it", file=sys.stderr)


if __name__ == "__main__":
    main()
