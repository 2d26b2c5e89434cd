"""Random BLIP-2 matchers of several shapes, in stock classes, and what stands beside them: tokenizer and processor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QShape:
    """Sizes of one random model; ``every`` is how often a layer looks, ``image_token`` whether the config has one."""

    name: str
    image: int
    patch: int
    vision_width: int
    width: int
    heads: int
    layers: int
    every: int
    queries: int
    image_token: bool


QSHAPES = (
    QShape("every-second", 48, 8, 32, 32, 4, 5, 2, 5, False),
    QShape("every-third", 64, 16, 24, 48, 2, 6, 3, 3, True),
    QShape("all-one-head", 40, 4, 16, 16, 1, 2, 1, 4, False),
)


def build_blip2(shape: QShape, tokenizer, seed: int = 0):
    """A random stock model with weights large enough that attention is far from uniform and queries differ.

    The vocabulary has room for the token that a `Blip2Processor` adds, and the tokenizer is the one of `random_models`.
    """
    import torch
    from transformers import Blip2Config, Blip2ForImageTextRetrieval

    torch.manual_seed(seed)
    config = Blip2Config(
        vision_config={
            "image_size": shape.image,
            "patch_size": shape.patch,
            "hidden_size": shape.vision_width,
            "intermediate_size": 2 * shape.vision_width,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
        },
        qformer_config={
            "vocab_size": len(tokenizer) + 1,
            "hidden_size": shape.width,
            "encoder_hidden_size": shape.vision_width,
            "intermediate_size": 2 * shape.width,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "max_position_embeddings": 64,
            "cross_attention_frequency": shape.every,
            "use_qformer_text_input": True,
        },
        num_query_tokens=shape.queries,
        image_text_hidden_size=16,
        image_token_index=len(tokenizer) if shape.image_token else None,
    )
    model = Blip2ForImageTextRetrieval(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 1 if name == "query_tokens" else 1.2 * shape.width**-0.5)
    return model.eval()


def build_blip2_processor(shape: QShape, tokenizer):
    """A processor in the layout of the real one; it puts image tokens in front where the config has them."""
    import copy

    from transformers import Blip2Processor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    images = BlipImageProcessorPil(size={"height": shape.image, "width": shape.image})
    return Blip2Processor(images, copy.deepcopy(tokenizer), shape.queries if shape.image_token else None)
