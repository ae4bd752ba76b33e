"""Screens that plan cover: the board, the rota, time away, who is ready, the forecast, proposals."""
