"""Stand-ins for ``folder_paths``, ``comfy.model_management``, ``comfy.model_patcher`` and ``comfy.utils``."""
