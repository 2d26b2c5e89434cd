"""Regions are merged cheapest first, and every step is a node."""

from __future__ import annotations

import numpy as np

from iterprime_xai.masks.merging import Cluster, clusters, merge_tree, neighbours

LABELS = np.array([[0, 0, 1], [0, 0, 1], [-1, 2, 2]])
COLOURS = np.array([[[0.0], [0.0], [9.0]], [[0.0], [4.0], [9.0]], [[5.0], [10.0], [10.0]]])


def _colour_step(one: Cluster, other: Cluster) -> float:
    return abs(one.colour[0] - other.colour[0])


def test_neighbours_share_an_edge_and_unlabelled_pixels_have_none() -> None:
    assert neighbours(LABELS) == {(0, 1), (0, 2), (1, 2)}
    assert neighbours(np.array([[0, -1], [-1, 1]])) == set()
    assert neighbours(np.array([[0, 2], [1, 0]])) == {(0, 1), (0, 2)}


def test_clusters_know_area_colour_and_box() -> None:
    found = clusters(LABELS, COLOURS)
    assert [each.area for each in found] == [4, 2, 2]
    assert [list(each.colour) for each in found] == [[1.0], [9.0], [10.0]]
    assert [each.box for each in found] == [(0, 0, 2, 2), (0, 2, 2, 3), (2, 1, 3, 3)]


def test_the_cheapest_pair_is_merged_first_and_parts_come_before_wholes() -> None:
    nodes = merge_tree(clusters(LABELS, COLOURS), neighbours(LABELS), _colour_step)
    assert [sorted(node.regions) for node in nodes] == [[0], [1], [2], [1, 2], [0, 1, 2]]
    assert [node.parts for node in nodes] == [(), (), (), (1, 2), (0, 3)]
    assert [node.area for node in nodes] == [4, 2, 2, 4, 8]
    assert nodes[3].box == (0, 1, 3, 3)


def test_regions_without_a_common_edge_are_never_merged() -> None:
    labels = np.array([[0, -1, 1]])
    nodes = merge_tree(clusters(labels, np.zeros((1, 3, 1))), neighbours(labels), _colour_step)
    assert [node.regions for node in nodes] == [(0,), (1,)]


def test_costs_are_those_of_the_merged_regions_not_of_their_first_parts() -> None:
    # 0 | 4 | 10 | 15 : after 0 and 4 (cost 4) come 10 and 15 (5), since the mean of the first two, 2, is now 8 away from 10.
    labels = np.array([[0, 1, 2, 3]])
    colours = np.array([[[0.0], [4.0], [10.0], [15.0]]])
    nodes = merge_tree(clusters(labels, colours), neighbours(labels), _colour_step)
    assert [sorted(node.regions) for node in nodes[4:]] == [[0, 1], [2, 3], [0, 1, 2, 3]]
