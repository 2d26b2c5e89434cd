"""Random CLIP models of several shapes, in stock classes, and their tokenizer and processor."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 16
WIDTH = 20


@dataclass(frozen=True)
class ClipShape:
    """Sizes of one random model; ``end`` is the end token in its config, 2 as in old checkpoints or the tokenizer's own."""

    name: str
    image: int
    patch: int
    vision_width: int
    layers: int
    heads: int
    old_end: bool


CLIP_SHAPES = (
    ClipShape("square", 48, 8, 32, 4, 4, False),
    ClipShape("coarse-deep", 64, 32, 24, 6, 2, True),
    ClipShape("fine-one-head", 40, 4, 16, 3, 1, False),
)


def build_clip_tokenizer():
    """CLIP's own kind of tokenizer, byte by byte: no merges, the end token has the highest number."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: place for place, word in enumerate(words)}, merges=[], model_max_length=LONGEST)


def build_clip(shape: ClipShape, tokenizer, seed: int = 0):
    """A random CLIP with weights large enough that attention is far from uniform."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(seed)
    config = CLIPConfig(
        vision_config={
            "image_size": shape.image,
            "patch_size": shape.patch,
            "hidden_size": shape.vision_width,
            "intermediate_size": 2 * shape.vision_width,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
        },
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 24,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "max_position_embeddings": LONGEST,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": 2 if shape.old_end else tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        projection_dim=WIDTH,
    )
    model = CLIPModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.25)
            elif parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def build_clip_processor(shape: ClipShape, tokenizer):
    """A processor in the layout of the real one: the shorter side is resized, the middle cut out."""
    from transformers import CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    side = {"height": shape.image, "width": shape.image}
    return CLIPProcessor(CLIPImageProcessorPil(size={"shortest_edge": shape.image}, crop_size=side), tokenizer)
