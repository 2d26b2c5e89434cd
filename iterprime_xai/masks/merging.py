"""Neighbouring regions, merged two by two into a tree: every node is a candidate for a whole thing."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels; bottom and right exclusive."""


Cost = Callable[["Cluster", "Cluster"], float]
"""What it costs to merge two clusters; the cheapest pair of neighbours is merged first."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cost may look at: area in pixels, mean colour, bounding box."""

    area: int
    colour: tuple[float, ...]
    box: Box


@dataclass(frozen=True, slots=True)
class Node:
    """A region, or the union of the two nodes ``parts`` (their places in the tree); ``regions`` are the labels in it."""

    regions: tuple[int, ...]
    parts: tuple[int, ...]
    area: int
    box: Box


def neighbours(labels: np.ndarray) -> set[tuple[int, int]]:
    """Pairs (smaller, larger) of labels >= 0 that share an edge between pixels."""
    found: set[tuple[int, int]] = set()
    for one, other in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        border = (one != other) & (one >= 0) & (other >= 0)
        a, b = one[border], other[border]
        found.update(zip(np.minimum(a, b).tolist(), np.maximum(a, b).tolist(), strict=True))
    return found


def clusters(labels: np.ndarray, colours: np.ndarray) -> list[Cluster]:
    """One cluster for each label from 0 up; ``colours`` is (height, width, channels). Every label must occur."""
    from scipy import ndimage

    inside = labels >= 0
    flat, count = labels[inside], int(labels.max()) + 1
    areas = np.bincount(flat, minlength=count)
    means = np.stack(
        [np.bincount(flat, weights=colours[..., k][inside], minlength=count) / areas for k in range(colours.shape[2])],
        1,
    )
    boxes = ndimage.find_objects(labels + 1)
    return [
        Cluster(int(areas[k]), tuple(means[k].tolist()), (rows.start, columns.start, rows.stop, columns.stop))
        for k, (rows, columns) in enumerate(boxes)
    ]


def merge_tree(leaves: list[Cluster], pairs: set[tuple[int, int]], cost: Cost) -> list[Node]:
    """Merge the cheapest neighbours again and again until none are left; all nodes, leaves first, parts before wholes.

    Deterministic: equal costs go to the pair with the smaller numbers.
    """
    nodes = [Node((index,), (), leaf.area, leaf.box) for index, leaf in enumerate(leaves)]
    alive: list[Cluster | None] = list(leaves)
    beside: list[set[int]] = [set() for _ in leaves]
    queue: list[tuple[float, int, int]] = []
    for a, b in pairs:
        beside[a].add(b)
        beside[b].add(a)
        queue.append((cost(leaves[a], leaves[b]), a, b))
    heapq.heapify(queue)
    while queue:
        _, a, b = heapq.heappop(queue)
        one, other = alive[a], alive[b]
        if one is None or other is None:
            continue  # already part of something larger
        merged, new = _union(one, other), len(nodes)
        nodes.append(Node(nodes[a].regions + nodes[b].regions, (a, b), merged.area, merged.box))
        alive[a] = alive[b] = None
        alive.append(merged)
        around = (beside[a] | beside[b]) - {a, b}
        beside.append(around)
        for each in around:
            beside[each] -= {a, b}
            beside[each].add(new)
            neighbour = alive[each]
            assert neighbour is not None
            heapq.heappush(queue, (cost(neighbour, merged), each, new))
    return nodes


def _union(one: Cluster, other: Cluster) -> Cluster:
    area = one.area + other.area
    colour = tuple((a * one.area + b * other.area) / area for a, b in zip(one.colour, other.colour, strict=True))
    top, left = min(one.box[0], other.box[0]), min(one.box[1], other.box[1])
    bottom, right = max(one.box[2], other.box[2]), max(one.box[3], other.box[3])
    return Cluster(area, colour, (top, left, bottom, right))
