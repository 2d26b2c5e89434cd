"""Tiny random models of the SAM families and Mask2Former, saved as the released ones are, and a photograph to cut."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from PIL import Image

SIDE = 128
"""Side of the square that the tiny SAMs see, in pixels."""


def photograph() -> Image.Image:
    """A small photograph: scikit-image's astronaut, 96 x 72."""
    from skimage import data

    return Image.fromarray(data.astronaut()[:384]).resize((96, 72), Image.Resampling.BOX)


def sam_state(width: int = 32, depth: int = 3, window: int = 3) -> dict[str, torch.Tensor]:
    """Random weights in the layout of segment-anything's released checkpoints, middle block global."""
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    torch.manual_seed(0)
    sam = Sam(
        ImageEncoderViT(
            img_size=SIDE,
            patch_size=16,
            embed_dim=width,
            depth=depth,
            num_heads=4,
            out_chans=32,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=window,
            global_attn_indexes=(1,),
        ),
        PromptEncoder(embed_dim=32, image_embedding_size=(8, 8), input_image_size=(SIDE, SIDE), mask_in_chans=16),
        MaskDecoder(
            transformer_dim=32,
            transformer=TwoWayTransformer(depth=2, embedding_dim=32, num_heads=8, mlp_dim=64),
            iou_head_hidden_dim=32,
        ),
    )
    for name, values in sam.named_parameters():
        if "rel_pos" in name or "pos_embed" in name:
            torch.nn.init.normal_(values, std=0.02)
    return sam.state_dict()


def save_sam(path: Path, **shape: int) -> Path:
    torch.save(sam_state(**shape), path)
    return path


def save_hub_sam(folder: Path) -> Path:
    """A tiny random SAM of `transformers`, saved in the hub's layout."""
    from transformers import SamConfig, SamModel
    from transformers.models.sam.image_processing_sam import SamImageProcessor

    torch.manual_seed(0)
    vision = {
        "hidden_size": 32,
        "output_channels": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": SIDE,
        "window_size": 3,
        "global_attn_indexes": [1],
        "num_pos_feats": 16,
        "mlp_dim": 64,
    }
    prompt = {"hidden_size": 32, "image_size": SIDE, "image_embedding_size": 8, "mask_input_channels": 4}
    decoder = {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 4, "iou_head_hidden_dim": 32}
    config = SamConfig(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=decoder)
    SamModel(config).save_pretrained(folder)
    sides = {"height": SIDE, "width": SIDE}
    SamImageProcessor(size={"longest_edge": SIDE}, pad_size=sides).save_pretrained(folder)
    return folder


def save_hub_sam2(folder: Path) -> Path:
    """A tiny random SAM 2 of `transformers`, saved in the hub's layout."""
    from transformers import Sam2Config, Sam2Model
    from transformers.models.sam2.image_processing_sam2 import Sam2ImageProcessor

    torch.manual_seed(0)
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "num_attention_heads": 1,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 4],
        "window_size_per_stage": [4, 2, 2, 2],
        "window_positional_embedding_background_size": [4, 4],
        "global_attention_blocks": [3],
    }
    vision = {
        "backbone_config": backbone,
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 32,
    }
    prompt = {"hidden_size": 32, "image_size": SIDE, "mask_input_channels": 4}
    decoder = {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 4, "iou_head_hidden_dim": 32}
    config = Sam2Config(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=decoder)
    Sam2Model(config).save_pretrained(folder)
    Sam2ImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def save_mask2former(folder: Path) -> Path:
    """A tiny random Mask2Former with a Swin backbone and 20 queries, saved in the hub's layout."""
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig
    from transformers.models.mask2former.image_processing_pil_mask2former import Mask2FormerImageProcessorPil

    torch.manual_seed(0)
    swin = SwinConfig(
        image_size=64,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = Mask2FormerConfig(
        backbone_config=swin,
        feature_size=32,
        mask_feature_size=32,
        hidden_dim=32,
        encoder_feedforward_dim=32,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        dim_feedforward=32,
        num_queries=20,
        num_labels=5,
    )
    Mask2FormerForUniversalSegmentation(config).save_pretrained(folder)
    size = {"shortest_edge": 64, "longest_edge": 128}
    Mask2FormerImageProcessorPil(size=size, size_divisor=32).save_pretrained(folder)
    return folder
