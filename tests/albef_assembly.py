"""ALBEF put together a second time, from stock `ViTModel` and `BertModel` blocks and the released state; nothing of ours."""

from __future__ import annotations

import numpy as np
import torch
from random_albef import HEAD


def image_tower(shape, state):
    from transformers import ViTConfig, ViTModel

    width = shape.vision_width
    model = ViTModel(
        ViTConfig(
            hidden_size=width,
            num_hidden_layers=shape.vision_layers,
            num_attention_heads=width // HEAD,
            intermediate_size=2 * width,
            image_size=shape.image,
            patch_size=shape.patch,
            layer_norm_eps=1e-6,
        ),
        add_pooling_layer=False,
    ).eval()
    own = {key.removeprefix("visual_encoder."): value for key, value in state.items()}
    with torch.no_grad():
        model.embeddings.cls_token.copy_(own["cls_token"])
        model.embeddings.position_embeddings.copy_(own["pos_embed"])
        pairs = [(model.embeddings.patch_embeddings.projection, "patch_embed.proj"), (model.layernorm, "norm")]
        for index, layer in enumerate(model.layers):
            block = f"blocks.{index}"
            pairs += [(layer.layernorm_before, f"{block}.norm1"), (layer.layernorm_after, f"{block}.norm2")]
            pairs += [(layer.attention.o_proj, f"{block}.attn.proj")]
            pairs += [(layer.mlp.fc1, f"{block}.mlp.fc1"), (layer.mlp.fc2, f"{block}.mlp.fc2")]
            for place, part in enumerate((layer.attention.q_proj, layer.attention.k_proj, layer.attention.v_proj)):
                part.weight.copy_(own[f"{block}.attn.qkv.weight"][place * width : (place + 1) * width])
                part.bias.copy_(own[f"{block}.attn.qkv.bias"][place * width : (place + 1) * width])
        for module, name in pairs:
            module.weight.copy_(own[f"{name}.weight"])
            module.bias.copy_(own[f"{name}.bias"])
    return model


def text_encoder(shape, state, tokenizer):
    from transformers import BertConfig, BertModel

    model = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.text_width,
            num_hidden_layers=shape.text_layers,
            num_attention_heads=shape.text_width // HEAD,
            intermediate_size=2 * shape.text_width,
            max_position_embeddings=64,
            is_decoder=True,
            add_cross_attention=True,
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    ).eval()
    for layer in model.encoder.layer:
        layer.crossattention.self.key = torch.nn.Linear(shape.vision_width, shape.text_width)
        layer.crossattention.self.value = torch.nn.Linear(shape.vision_width, shape.text_width)
    start = "text_encoder.bert."
    own = {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}
    found = model.load_state_dict(own, strict=False)
    assert all(".crossattention." in key for key in found.missing_keys)
    return model


def assembled(shape, state, tokenizer, question, *, fusion=None, read=0, sep=False, causal=False, size=None):
    """Logit, and attention and gradient (heads, tokens, rows, columns) by layer, of the picture at ``size`` pixels (default: as the
    checkpoint was made); the options before it are for getting it wrong."""
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    size = size or shape.image
    side = size // shape.patch
    processor = BlipImageProcessorPil(size={"height": size, "width": size})
    pixels = processor(question.image, return_tensors="pt")["pixel_values"]
    hidden = image_tower(shape, state)(pixels, interpolate_pos_encoding=size != shape.image).last_hidden_state
    keep = np.ones((side, side), bool) if question.ask.keep is None else question.ask.keep
    seen = torch.from_numpy(np.concatenate([[True], keep.ravel()]))
    ids = tokenizer(question.text)["input_ids"]
    model = text_encoder(shape, state, tokenizer)
    states = model.embeddings(torch.tensor([ids if sep else ids[:-1]]))
    attention = {}
    hooks = [
        layer.crossattention.self.register_forward_hook(
            lambda module, given, made, index=index: attention.update({index: made[1]})
        )
        for index, layer in enumerate(model.encoder.layer)
    ]
    length = states.shape[1]
    apart = torch.full((length, length), float("-inf")).triu(1)[None, None] if causal else None
    for index, layer in enumerate(model.encoder.layer):
        looks = index >= (shape.fusion if fusion is None else fusion)
        states = layer(states, apart, encoder_hidden_states=hidden[:, seen] if looks else None)
    for hook in hooks:
        hook.remove()
    logit = torch.nn.functional.linear(states[0, read], state["itm_head.weight"], state["itm_head.bias"])[1]
    gradient = dict(zip(attention, torch.autograd.grad(logit, list(attention.values())), strict=True))

    def on_grid(values):
        full = torch.zeros(*values.shape[1:3], len(seen))
        full[:, :, seen] = values[0].detach()
        return full[:, :, 1:].unflatten(-1, (side, side))

    return (
        logit.item(),
        {layer: on_grid(each) for layer, each in attention.items()},
        {layer: on_grid(each) for layer, each in gradient.items()},
    )
