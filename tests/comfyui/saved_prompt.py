"""Reads a saved workflow by the server's own descriptions of its nodes, for nodes that are not ours."""

WIDGETS = ("COMBO", "INT", "FLOAT", "STRING", "BOOLEAN")


def described(info):
    """The inputs of a node in their order: name -> (type, options)."""
    names = [name for group in ("required", "optional") for name in info["input_order"].get(group, [])]
    groups = info["input"].get("required", {}) | info["input"].get("optional", {})
    return {name: (groups[name][0], groups[name][1] if len(groups[name]) > 1 else {}) for name in names}


def is_widget(kind):
    return isinstance(kind, list) or kind in WIDGETS


def prompt_of(workflow, comfyui):
    """The prompt that the editor would send for a workflow without subgraphs and reroutes."""
    origins = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
    prompt = {}
    for node in workflow["nodes"]:
        if node["type"] == "MarkdownNote":
            continue
        values, saved = {}, iter(node.get("widgets_values") or [])
        for name, (kind, options) in described(comfyui.object_info(node["type"])).items():
            if is_widget(kind):
                values[name] = next(saved)
                if options.get("control_after_generate"):
                    next(saved)
        assert list(saved) == [], f"{node['type']} has more values than widgets"
        links = {entry["name"]: origins[entry["link"]] for entry in node["inputs"] if entry.get("link")}
        prompt[str(node["id"])] = {"class_type": node["type"], "inputs": values | links}
    return prompt
