"""Ways to look that need many looks, with so few that a test can wait for them."""

QUICK = {
    "occlusion": {"window": 3, "stride": 3},
    "ablation": {"regions": 4},
    "integrated_gradients": {"steps": 4},
    "smoothgrad": {"samples": 2},
    "rise": {"masks": 6, "cells": 3},
}
